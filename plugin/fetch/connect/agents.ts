import type { Socket } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import type { HostSettings } from '../../model/settings.ts';
import type { Config } from '../../settings/Config.ts';
import { MAX_HEAD_BYTES } from '../http/limits.ts';
import { portOf } from '../http/parseUrl.ts';
import { AddressGuard } from './addressGuard.ts';
import { type Connector, type ConnectSocket, type ConnectTarget, createConnector } from './connector.ts';
import { HostSettingsMap } from './hostSettings.ts';
import { Proxies, type ProxyVariables } from './proxies.ts';
import { Resolver } from './resolver.ts';
import type { TlsSettings } from './tlsSocket.ts';

/** The settings that decide which connections are made, and how. */
export type AgentSettings = Pick<
  Config,
  | 'allowNetworks'
  | 'ports'
  | 'blockedPorts'
  | 'connectTimeoutMs'
  | 'dnsServers'
  | 'dnsTimeoutMs'
  | 'hostsFile'
  | 'verifyTls'
  | 'proxy'
  | 'proxyFromEnvironment'
  | 'hosts'
>;

/** What tests and the wiring put in the place of the real parts. */
export interface AgentsDeps {
  /** Where the proxy variables are; without it `proxyFromEnvironment` finds none. */
  readonly environment?: ProxyVariables;
  readonly resolver?: Pick<Resolver, 'resolve'> & { close?(): void };
  readonly connectSocket?: ConnectSocket;
  /** A connection was made to this address of that host. */
  readonly onConnected?: (hostname: string, address: string) => void;
}

const MAX_CONNECTIONS_OF_ORIGIN = 64;
const KEPT_MS = 4000;
const LONGEST_KEPT_MS = 15_000;

interface Dispatchers {
  readonly direct: Agent;
  readonly viaProxy: Dispatcher;
}

/** All connections of one thread. Every one is guarded; idle ones, and with them what is known of a host, go in seconds. */
export class Agents {
  readonly #resolver: NonNullable<AgentsDeps['resolver']>;
  readonly #connector: Connector;
  readonly #hosts: HostSettingsMap;
  readonly #proxies: Proxies;
  readonly #kept: Dispatchers;
  readonly #unkept: Dispatchers;
  readonly #verifyTls: boolean;

  constructor(settings: AgentSettings, { environment = {}, resolver, connectSocket, onConnected }: AgentsDeps = {}) {
    this.#verifyTls = settings.verifyTls;
    this.#hosts = new HostSettingsMap(settings.hosts);
    this.#proxies = new Proxies({ ...pickProxies(settings), environment }, this.#hosts);
    this.#resolver = resolver ?? new Resolver(settings);
    this.#connector = createConnector({
      guard: new AddressGuard(settings),
      resolver: this.#resolver,
      connectTimeoutMs: settings.connectTimeoutMs,
      tlsFor: (target) => this.#tlsFor(target),
      proxyFor: (target) => this.#proxies.proxyFor(target),
      connectSocket,
      onConnected,
    });
    this.#kept = this.#connectionsOf(1);
    this.#unkept = this.#connectionsOf(0);
  }

  /** `new`: over a connection that has carried no request, and that is closed afterwards. */
  dispatcherFor(url: URL, connection: 'kept' | 'new' = 'kept'): Dispatcher {
    const { direct, viaProxy } = connection === 'kept' ? this.#kept : this.#unkept;
    const proxied = url.protocol === 'http:' && this.#proxies.proxyFor(targetOf(url)) !== null;
    return proxied ? viaProxy : direct;
  }

  /** A connection of its own, ready for the first byte; rejects with a `ConnectFailure`. */
  socketFor(url: URL, signal: AbortSignal, deadlineMs: number): Promise<Socket> {
    return this.#connector.open(targetOf(url), { signal, deadlineMs, tunnel: true });
  }

  /** `hostname` may end in a port. */
  hostSettingsFor(hostname: string): HostSettings | null {
    return this.#hosts.settingsFor(hostname);
  }

  /** Ends every connection, also those with requests under way. */
  async close(): Promise<void> {
    this.#connector.close();
    this.#resolver.close?.();
    await Promise.all([this.#kept.direct.destroy(), this.#unkept.direct.destroy()]);
  }

  /** `pipelining` 0 means one request for each connection to undici. */
  #connectionsOf(pipelining: 0 | 1): Dispatchers {
    const direct = new Agent({
      connect: this.#connector.connect,
      connections: MAX_CONNECTIONS_OF_ORIGIN,
      pipelining,
      allowH2: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      // The deadlines of an attempt are finer, and know whose fault a silence is.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEPT_MS,
      keepAliveMaxTimeout: LONGEST_KEPT_MS,
    });
    const viaProxy = direct.compose((dispatch) => (options, handler) => {
      return dispatch(this.#inAbsoluteForm(options), handler);
    });
    return { direct, viaProxy };
  }

  #tlsFor({ hostname, port }: ConnectTarget): TlsSettings {
    const own = this.#hosts.settingsFor(hostname, port)?.tls;
    return { verify: own?.verify ?? this.#verifyTls, ca: own?.ca, cert: own?.cert, key: own?.key };
  }

  /** The request that a proxy gets without a tunnel: RFC 9112 section 3.2.2. */
  #inAbsoluteForm(options: Dispatcher.DispatchOptions): Dispatcher.DispatchOptions {
    const url = new URL(options.path, options.origin);
    const authorization = this.#proxies.proxyFor(targetOf(url))?.authorization ?? null;
    const path = `${url.origin}${options.path}`;
    return authorization === null
      ? { ...options, path }
      : { ...options, path, headers: withProxy(options, authorization) };
  }
}

function withProxy({ headers }: Dispatcher.DispatchOptions, authorization: string): string[] | Record<string, string> {
  const flat: string[] = [];
  const add = (name: string, value: unknown) => {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) flat.push(name, String(one));
  };
  if (Array.isArray(headers)) flat.push(...headers);
  else if (headers && Symbol.iterator in headers) for (const [name, value] of headers) add(name, value);
  else for (const [name, value] of Object.entries(headers ?? {})) add(name, value);
  return [...flat, 'proxy-authorization', authorization];
}

function pickProxies({ proxy, proxyFromEnvironment }: AgentSettings) {
  return { proxy, proxyFromEnvironment };
}

function targetOf(url: URL): ConnectTarget {
  return { protocol: url.protocol, hostname: url.hostname, port: portOf(url) };
}
