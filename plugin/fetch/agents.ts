import type { Socket } from 'node:net';
import { Agent, type buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import type { Config } from '../config.ts';
import type { HostSettings } from '../model/settings.ts';
import { AddressGuard } from './addressGuard.ts';
import { Connector, type ConnectorParts, type Target } from './connector.ts';
import { type EnvironmentProxies, hostSettingsOf, proxyOf } from './proxies.ts';
import { Resolver } from './resolver.ts';

export type AgentSettings = Pick<
  Config,
  | 'allowNetworks'
  | 'ports'
  | 'blockedPorts'
  | 'dnsServers'
  | 'dnsTimeoutMs'
  | 'hostsFile'
  | 'connectTimeoutMs'
  | 'verifyTls'
  | 'hosts'
  | 'proxy'
>;

export interface AgentParts {
  /** null, the default: proxy variables of the environment are ignored. */
  readonly environmentProxies?: EnvironmentProxies | null;
  readonly resolver?: ConnectorParts['resolver'];
  readonly connectSocket?: ConnectorParts['connectSocket'];
}

/** Our own deadlines are finer than undici's, so those are off; one request at a time on a connection. */
const CONNECTION_OPTIONS = {
  connections: 64,
  pipelining: 1,
  maxHeaderSize: 64 * 1024,
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: 4000,
  keepAliveMaxTimeout: 30_000,
  allowH2: false,
} as const;

/** All connections of the archiver, every one of them through the address guard. */
export class Agents {
  readonly #config: AgentSettings;
  readonly #environmentProxies: EnvironmentProxies | null;
  readonly #connector: Connector;
  readonly #direct: Agent;
  readonly #proxies = new Map<string, Dispatcher>();

  constructor(config: AgentSettings, parts: AgentParts = {}) {
    this.#config = config;
    this.#environmentProxies = parts.environmentProxies ?? null;
    this.#connector = new Connector({
      guard: new AddressGuard(config),
      resolver: parts.resolver ?? new Resolver(config),
      connectTimeoutMs: config.connectTimeoutMs,
      verifyTls: config.verifyTls,
      tlsFor: (hostname) => hostSettingsOf(config.hosts, hostname)?.tls,
      ...(parts.connectSocket ? { connectSocket: parts.connectSocket } : {}),
    });
    this.#direct = new Agent({ ...CONNECTION_OPTIONS, connect: this.#connect });
  }

  /** Requests to `url` go through what this answers: a guarded connection, or the proxy set for its host. */
  dispatcherFor(url: URL): Dispatcher {
    const proxy = proxyOf(url, this.#config, this.#environmentProxies);
    return proxy === null ? this.#direct : this.#throughProxy(proxy, url);
  }

  /** A guarded connection of the caller's own, for what undici cannot read. Throws `ConnectFailure`. */
  socketFor(url: URL, signal: AbortSignal, deadlineMs: number): Promise<Socket> {
    return this.#connector.connect(targetOf(url), signal, deadlineMs);
  }

  hostSettingsFor(hostname: string): HostSettings | null {
    return hostSettingsOf(this.#config.hosts, hostname);
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await Promise.all([this.#direct, ...this.#proxies.values()].map((dispatcher) => dispatcher.destroy()));
  }

  readonly #connect: buildConnector.connector = ({ protocol, hostname, port }, callback) => {
    const target = { protocol, hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
    this.#connector.connect(target).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    );
  };

  /** The operator chose the proxy, so its own address is not judged; what it is asked for is. */
  #throughProxy(proxy: string, url: URL): Dispatcher {
    const isPlain = url.protocol === 'http:';
    const name = `${isPlain ? 'plain' : 'tunnel'} ${proxy}`;
    const known = this.#proxies.get(name);
    if (known) return known;
    const agent = new ProxyAgent({ ...CONNECTION_OPTIONS, uri: proxy, proxyTunnel: !isPlain, requestTls: this.#tunnelTls() });
    const guarded = agent.compose((dispatch) => (options, handler) => {
      const target = targetOf(new URL(String(options.origin)));
      this.#connector.vet(target, AbortSignal.timeout(this.#config.connectTimeoutMs)).then(
        () => dispatch(options, handler),
        (error: Error) => handler.onResponseError?.(NO_CONTROLLER, error),
      );
      return true;
    });
    this.#proxies.set(name, guarded);
    return guarded;
  }

  #tunnelTls(): buildConnector.BuildOptions {
    return { rejectUnauthorized: this.#config.verifyTls, timeout: this.#config.connectTimeoutMs };
  }
}

/** For a request that was refused before it began: there is nothing to pause or abort. */
const NO_CONTROLLER: Dispatcher.DispatchController = {
  aborted: true,
  paused: false,
  reason: null,
  rawHeaders: null,
  rawTrailers: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

function targetOf(url: URL): Target {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { protocol: url.protocol, hostname: url.hostname, port };
}
