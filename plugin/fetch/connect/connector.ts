import { connect as connectNet, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { codeOf, messageOf } from '../../errors.ts';
import { portOf } from '../http/parseUrl.ts';
import { type AddressGuard, isSameAddress, literalOf } from './addressGuard.ts';
import { ConnectFailure } from './connectFailure.ts';
import { type HttpProxy, proxySocket } from './proxySocket.ts';
import { DnsFailure, isLocalhost, type ResolvedAddress, type Resolver } from './resolver.ts';
import { closedEarly, untilEvent } from './socketEvents.ts';
import { secure, type TlsSettings } from './tlsSocket.ts';

/** Where a connection is to lead; `hostname` as in a URL, IPv6 in brackets. */
export interface ConnectTarget {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number;
}

/** The limits of one connection, besides those of the connector. */
export interface OpenOptions {
  readonly signal?: AbortSignal;
  /** For everything, the name look-up too; besides the connector's own limit. */
  readonly deadlineMs?: number;
  /** Through a proxy, ask it for a tunnel even without TLS. */
  readonly tunnel?: boolean;
}

/** Must connect to this very address. */
export type ConnectSocket = (place: { readonly host: string; readonly port: number; readonly family: 4 | 6 }) => Socket;

/** What every connection is made with. */
export interface ConnectorDeps {
  readonly guard: AddressGuard;
  readonly resolver: Pick<Resolver, 'resolve'>;
  readonly connectTimeoutMs: number;
  readonly tlsFor?: (target: ConnectTarget) => TlsSettings;
  readonly proxyFor?: (target: ConnectTarget) => HttpProxy | null;
  readonly connectSocket?: ConnectSocket;
  /** A connection was made to this address of that host. */
  readonly onConnected?: (hostname: string, address: string) => void;
}

/** Makes guarded connections, for undici and for ourselves. */
export interface Connector {
  /** What undici calls for a new connection. */
  readonly connect: buildConnector.connector;
  /** A socket ready for the first byte of a request; rejects with a `ConnectFailure`. */
  open(target: ConnectTarget, options?: OpenOptions): Promise<Socket>;
  /** Ends every connection that is still being made. */
  close(): void;
}

/** Addresses of one name that are tried; the others are vetted, too. */
const MAX_TRIED = 4;

/** Every connection of the archiver is made here: name → addresses → verdict → socket → verdict on the peer → TLS. */
export function createConnector(options: ConnectorDeps): Connector {
  const guarded = new GuardedConnector(options);
  return {
    connect: ({ protocol, hostname, port }, callback) => {
      guarded.open({ protocol, hostname, port: portOf({ protocol, port }) }, {}).then(
        (socket) => (socket.destroyed ? callback(closedEarly(), null) : callback(null, socket)),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
      );
    },
    open: (target, how = {}) => guarded.open(target, how),
    close: () => guarded.close(),
  };
}

class GuardedConnector {
  readonly #options: ConnectorDeps;
  readonly #connectSocket: ConnectSocket;
  readonly #limits = new Set<AbortController>();

  constructor(options: ConnectorDeps) {
    this.#options = options;
    this.#connectSocket = options.connectSocket ?? connectPlain;
  }

  close(): void {
    for (const limit of this.#limits) limit.abort(stopped());
  }

  async open(target: ConnectTarget, { signal, deadlineMs, tunnel = false }: OpenOptions): Promise<Socket> {
    const limit = new AbortController();
    const onAbort = () => limit.abort(stopped());
    const whole = deadlineMs === undefined ? undefined : setTimeout(() => limit.abort(timedOut(target)), deadlineMs);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#limits.add(limit);
    let connecting: NodeJS.Timeout | undefined;
    try {
      const addresses = await this.#vetted(target, limit.signal);
      limit.signal.throwIfAborted();
      connecting = setTimeout(() => limit.abort(timedOut(target)), this.#options.connectTimeoutMs);
      return await this.#reach(target, addresses, limit.signal, tunnel);
    } finally {
      clearTimeout(whole);
      clearTimeout(connecting);
      signal?.removeEventListener('abort', onAbort);
      this.#limits.delete(limit);
    }
  }

  async #reach(
    target: ConnectTarget,
    addresses: readonly ResolvedAddress[],
    limit: AbortSignal,
    tunnel: boolean,
  ): Promise<Socket> {
    const isSecure = target.protocol === 'https:';
    const proxy = this.#options.proxyFor?.(target) ?? null;
    const socket = proxy
      ? await proxySocket(proxy, isSecure || tunnel ? target : null, limit)
      : await this.#dial(target, addresses, limit);
    if (!isSecure) return socket;
    return secure(socket, target.hostname, this.#options.tlsFor?.(target) ?? { verify: true }, limit);
  }

  /** Addresses of which some are allowed and some are not are an attack or a mistake: refused as a whole. */
  async #vetted(target: ConnectTarget, limit: AbortSignal): Promise<readonly ResolvedAddress[]> {
    const { guard } = this.#options;
    throwIfBlocked(guard.checkPort(target.port), target);
    const literal = literalOf(target.hostname);
    const found = literal === null ? await this.#resolve(target.hostname, limit) : [tagged(literal)];
    const verdicts = found.map(({ address }) => guard.checkAddress(address, target.port));
    // Our own addresses of localhost, which nobody outside can mix.
    const allowed = found.filter((_, at) => verdicts[at]?.allowed);
    if (isLocalhost(target.hostname) && allowed.length > 0) return allowed;
    for (const verdict of verdicts) throwIfBlocked(verdict, target);
    return found;
  }

  async #resolve(hostname: string, limit: AbortSignal): Promise<readonly ResolvedAddress[]> {
    try {
      const found = await this.#options.resolver.resolve(hostname, limit);
      if (found.length === 0) throw new DnsFailure(`The host ${hostname} has no address.`, false);
      return found;
    } catch (error) {
      limit.throwIfAborted();
      const transient = !(error instanceof DnsFailure) || error.temporary;
      const reason = error instanceof DnsFailure ? error.message : `The name ${hostname} could not be looked up.`;
      throw new ConnectFailure({ code: 'dns', transient, reason, detail: messageOf(error), cause: error });
    }
  }

  /** One address after the other, all within the limit; the failure of the last one counts. */
  async #dial(target: ConnectTarget, addresses: readonly ResolvedAddress[], limit: AbortSignal): Promise<Socket> {
    const endAt = performance.now() + this.#options.connectTimeoutMs;
    const tried = addresses.slice(0, MAX_TRIED);
    let failure: ConnectFailure | null = null;
    for (const [at, place] of tried.entries()) {
      try {
        return await this.#dialOne(target, place, limit, (endAt - performance.now()) / (tried.length - at));
      } catch (error) {
        limit.throwIfAborted();
        if (!(error instanceof ConnectFailure) || error.code.startsWith('blocked')) throw error;
        failure = error;
      }
    }
    throw failure ?? timedOut(target);
  }

  async #dialOne(
    target: ConnectTarget,
    { address, family }: ResolvedAddress,
    limit: AbortSignal,
    budgetMs: number,
  ): Promise<Socket> {
    const socket = this.#connectSocket({ host: address, port: target.port, family });
    const slow = setTimeout(() => socket.destroy(timedOut(target)), Math.max(1, budgetMs));
    try {
      await untilEvent(socket, 'connect', limit);
    } catch (error) {
      throw error instanceof ConnectFailure ? error : dialFailure(error, address, target);
    } finally {
      clearTimeout(slow);
    }
    this.#checkPeer(socket, address, target);
    return socket;
  }

  /** Before the first byte is written: the address at the other end must be the one that was vetted. */
  #checkPeer(socket: Socket, address: string, target: ConnectTarget): void {
    const peer = socket.remoteAddress;
    if (peer === undefined) {
      socket.destroy();
      throw dialFailure(closedEarly(), address, target);
    }
    const verdict = this.#options.guard.checkAddress(peer, target.port);
    if (isSameAddress(peer, address) && verdict.allowed) {
      this.#options.onConnected?.(target.hostname, address);
      return;
    }
    socket.destroy();
    const detail = `${where(target)}: the peer is ${peer} where ${address} was vetted`;
    throw new ConnectFailure({ code: 'blocked-address', transient: false, detail });
  }
}

function connectPlain({ host, port, family }: Parameters<ConnectSocket>[0]): Socket {
  const place = { host, port, family, autoSelectFamily: false, noDelay: true, keepAlive: true };
  return connectNet(Object.assign(place, { highWaterMark: 65_536 }));
}

function tagged(address: string): ResolvedAddress {
  return { address, family: address.includes(':') ? 6 : 4 };
}

function throwIfBlocked(verdict: ReturnType<AddressGuard['checkPort']>, target: ConnectTarget): void {
  if (verdict.allowed) return;
  const detail = `${where(target)}: ${verdict.detail}`;
  throw new ConnectFailure({ code: verdict.code, transient: false, detail });
}

function dialFailure(error: unknown, address: string, target: ConnectTarget): ConnectFailure {
  const code = codeOf(error);
  const detail = `${where(target)} at ${address}: ${messageOf(error)}`;
  if (code === 'ETIMEDOUT') return new ConnectFailure({ code: 'timeout', transient: true, detail, cause: error });
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED') {
    const reason = 'The connection was closed as soon as it was made.';
    return new ConnectFailure({ code: 'reset', transient: true, reason, detail, cause: error });
  }
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOBUFS') {
    const reason = 'The archive has too many connections open.';
    return new ConnectFailure({ code: 'internal', transient: true, reason, detail, cause: error });
  }
  return new ConnectFailure({ code: 'refused', transient: true, detail, cause: error });
}

function timedOut(target: ConnectTarget): ConnectFailure {
  return new ConnectFailure({ code: 'timeout', transient: true, detail: `${where(target)}: no connection in time` });
}

function stopped(): ConnectFailure {
  const reason = 'The attempt was stopped.';
  return new ConnectFailure({ code: 'internal', transient: true, reason, detail: reason });
}

function where({ hostname, port }: ConnectTarget): string {
  return `${hostname}:${port}`;
}
