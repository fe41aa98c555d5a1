import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, rootCertificates } from 'node:tls';
import { messageOf } from '../errors.ts';
import type { HostSettings } from '../model/settings.ts';
import { type AddressGuard, isSameAddress, literalOf, type Verdict } from './addressGuard.ts';
import { ConnectFailure, NEUTRAL_REASON, socketFailure, timeoutFailure, tlsFailure } from './connectFailure.ts';
import { DnsFailure, type ResolvedAddress, type Resolver } from './resolver.ts';

export interface Target {
  readonly protocol: string;
  /** As in a URL; brackets around IPv6. */
  readonly hostname: string;
  readonly port: number;
}

export interface ConnectorParts {
  readonly guard: AddressGuard;
  readonly resolver: Pick<Resolver, 'resolve'>;
  readonly connectTimeoutMs: number;
  readonly verifyTls: boolean;
  readonly tlsFor: (hostname: string) => HostSettings['tls'] | undefined;
  /** Opens a connection to an address; tests give one that reaches nothing. */
  readonly connectSocket?: (address: string, port: number) => Socket;
}

const MAX_TRIES = 4;

/**
 * Opens connections to vetted addresses alone: the name is looked up for this very connection, every address of the
 * answer is judged, one of them is connected to by address, and the peer is compared before the first byte is written.
 */
export class Connector {
  readonly #parts: ConnectorParts;

  constructor(parts: ConnectorParts) {
    this.#parts = parts;
  }

  /** Throws {@link ConnectFailure}. The socket is ready for the first byte of HTTP. */
  async connect(target: Target, signal?: AbortSignal, deadlineMs = this.#parts.connectTimeoutMs): Promise<Socket> {
    const budgetMs = Math.min(deadlineMs, this.#parts.connectTimeoutMs);
    const clock = new AbortController();
    const timer = setTimeout(() => clock.abort(), budgetMs);
    const stop = signal ? AbortSignal.any([signal, clock.signal]) : clock.signal;
    try {
      const addresses = await this.vet(target, stop);
      const socket = await this.#connectOne(target, addresses, stop, budgetMs);
      return target.protocol === 'https:' ? await this.#secure(socket, target, stop) : socket;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The addresses of a target, each of them allowed; throws when one is not. */
  async vet({ hostname, port }: Target, signal: AbortSignal): Promise<readonly ResolvedAddress[]> {
    this.#demand(this.#parts.guard.checkPort(port));
    const literal = literalOf(hostname);
    const addresses = literal === null ? await this.#lookUp(hostname, signal) : [literalAddress(literal)];
    for (const { address } of addresses) this.#demand(this.#parts.guard.checkAddress(address, port));
    return addresses;
  }

  #demand(verdict: Verdict): void {
    if (verdict.allowed) return;
    const { code, detail } = verdict;
    throw new ConnectFailure({ code, detail, transient: false, reason: NEUTRAL_REASON });
  }

  async #lookUp(hostname: string, signal: AbortSignal): Promise<readonly ResolvedAddress[]> {
    try {
      return await this.#parts.resolver.resolve(hostname, signal);
    } catch (error) {
      const transient = !(error instanceof DnsFailure) || error.temporary;
      const reason = messageOf(error);
      throw new ConnectFailure({ code: 'dns', transient, reason, detail: reason, cause: error });
    }
  }

  /** One address after the other, sharing the time that is left; the last failure is the answer. */
  async #connectOne(target: Target, addresses: readonly ResolvedAddress[], signal: AbortSignal, budgetMs: number): Promise<Socket> {
    const tried = addresses.slice(0, MAX_TRIES);
    let failure = timeoutFailure(target.hostname);
    for (const { address } of tried) {
      if (signal.aborted) break;
      try {
        const socket = await this.#open(address, target.port, signal, budgetMs / tried.length);
        this.#comparePeer(socket, address, target.port);
        return socket;
      } catch (error) {
        if (!(error instanceof ConnectFailure)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  #open(address: string, port: number, signal: AbortSignal, shareMs: number): Promise<Socket> {
    const where = `${address} port ${port}`;
    const socket = (this.#parts.connectSocket ?? plainSocket)(address, port);
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onStop);
        socket.removeListener('connect', onConnect);
        socket.removeListener('error', onError);
        outcome();
      };
      const giveUp = () => settle(() => {
        socket.on('error', () => undefined).destroy();
        reject(timeoutFailure(where));
      });
      const onStop = giveUp;
      const onConnect = () => settle(() => resolve(socket));
      const onError = (error: Error) => settle(() => reject(socketFailure(error, where)));
      const timer = setTimeout(giveUp, shareMs);
      signal.addEventListener('abort', onStop, { once: true });
      socket.once('connect', onConnect);
      socket.once('error', onError);
    });
  }

  /** Whatever lies between us and the network: the peer must be the address that was vetted. */
  #comparePeer(socket: Socket, address: string, port: number): void {
    const peer = socket.remoteAddress;
    if (peer !== undefined && isSameAddress(peer, address) && this.#parts.guard.checkAddress(peer, port).allowed) return;
    socket.on('error', () => undefined).destroy();
    throw peer === undefined
      ? socketFailure(Object.assign(new Error('the connection ended at once'), { code: 'ECONNRESET' }), address)
      : new ConnectFailure({
          code: 'blocked-address',
          transient: false,
          reason: NEUTRAL_REASON,
          detail: `The peer ${peer} is not the vetted address ${address}.`,
        });
  }

  #secure(socket: Socket, target: Target, signal: AbortSignal): Promise<Socket> {
    const where = `${target.hostname} port ${target.port}`;
    const secured = connectTls({ socket, ...this.#tlsOptions(target) });
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => {
        signal.removeEventListener('abort', onStop);
        secured.removeListener('secureConnect', onSecure);
        secured.removeListener('error', onError);
        outcome();
      };
      const fail = (failure: ConnectFailure) => settle(() => {
        secured.on('error', () => undefined).destroy();
        socket.destroy();
        reject(failure);
      });
      const onStop = () => fail(timeoutFailure(where));
      const onSecure = () => settle(() => resolve(secured));
      const onError = (error: Error) => fail(tlsFailure(error, where));
      signal.addEventListener('abort', onStop, { once: true });
      secured.once('secureConnect', onSecure);
      secured.once('error', onError);
      if (signal.aborted) onStop();
    });
  }

  #tlsOptions({ hostname }: Target): ConnectionOptions {
    const tls = this.#parts.tlsFor(hostname);
    const name = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    return {
      host: name,
      ...(literalOf(hostname) === null ? { servername: name } : {}),
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: tls?.verify ?? this.#parts.verifyTls,
      ...(tls?.ca ? { ca: [...rootCertificates, tls.ca] } : {}),
      ...(tls?.cert ? { cert: tls.cert } : {}),
      ...(tls?.key ? { key: tls.key } : {}),
    };
  }
}

function literalAddress(address: string): ResolvedAddress {
  return { address, family: address.includes(':') ? 6 : 4 };
}

function plainSocket(address: string, port: number): Socket {
  return connectTcp({ host: address, port, autoSelectFamily: false, noDelay: true });
}
