import { isIP } from 'node:net';
import type { PortRange } from '../../model/settings.ts';
import type { Config } from '../../settings/Config.ts';
import {
  type AddressBytes,
  addressBytes,
  isWithin,
  mappedIpv4,
  type Network,
  networkOf,
  specialPurposeName,
} from './specialPurposeNetworks.ts';

/** Whether a connection may be made, and if not, which of its two parts forbids it. */
export type GuardVerdict =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly code: 'blocked-address' | 'blocked-port';
      /** For the operator's log; never for the public. */
      readonly detail: string;
    };

interface Exception {
  readonly network: Network;
  readonly port: number | null;
}

const ALLOWED: GuardVerdict = { allowed: true };

/**
 * Which addresses and ports may be connected to: public unicast ones, and the exceptions of the settings. Knows
 * addresses only; the caller has resolved the name, and must connect to that very address.
 */
export class AddressGuard {
  readonly #exceptions: readonly Exception[];
  readonly #ports: readonly PortRange[];
  readonly #blockedPorts: readonly PortRange[];

  /** Throws on an exception that is no CIDR: a guard that does not know its exceptions must not start. */
  constructor(settings: Pick<Config, 'allowNetworks' | 'ports' | 'blockedPorts'>) {
    this.#exceptions = settings.allowNetworks.map(({ cidr, port }) => {
      const network = networkOf(cidr);
      if (!network) throw new TypeError(`${JSON.stringify(cidr)} is no CIDR.`);
      return { network, port };
    });
    this.#ports = settings.ports;
    this.#blockedPorts = settings.blockedPorts;
  }

  checkAddress(address: string, port: number): GuardVerdict {
    const bytes = addressBytes(address);
    if (!bytes) return blocked('blocked-address', `${JSON.stringify(address)} is no IP address`);
    const verdict = this.#checkPort(port, bytes);
    if (!verdict.allowed || this.#isException(bytes, port)) return verdict;
    const special = specialPurposeName(bytes);
    return special ? blocked('blocked-address', `${address} is ${special}`) : ALLOWED;
  }

  /** Without an address: whether this port is allowed at any address. */
  checkPort(port: number, address?: string): GuardVerdict {
    return this.#checkPort(port, address === undefined ? null : addressBytes(address));
  }

  /** A network without a port says which addresses are allowed, and nothing of ports: those have settings of their own. */
  #checkPort(port: number, address: AddressBytes | null): GuardVerdict {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return blocked('blocked-port', `${port} is no port`);
    const usual = holds(this.#ports, port) && !holds(this.#blockedPorts, port);
    if (usual) return ALLOWED;
    const named = this.#exceptions.filter((exception) => exception.port === port);
    const excepted = address ? isAmong(address, named) : named.length > 0;
    return excepted ? ALLOWED : blocked('blocked-port', `port ${port} is not one that may be asked`);
  }

  #isException(bytes: AddressBytes, port: number): boolean {
    const holding = this.#exceptions.filter((exception) => exception.port === null || exception.port === port);
    return isAmong(bytes, holding);
  }
}

/** An IPv4-mapped address is that IPv4 address for exceptions, and for nothing else. */
function isAmong(address: AddressBytes, exceptions: readonly Exception[]): boolean {
  const meant = mappedIpv4(address) ?? address;
  return exceptions.some(({ network }) => isWithin(meant, network));
}

/** The address of a host that is one: `127.0.0.1`, `[::1]`. Other numeric spellings never get past the URL parser. */
export function literalOf(hostname: string): string | null {
  const plain = hostname.replace(/^\[(.*)\]$/s, '$1');
  const address = plain.replace(/%.*$/s, '');
  return isIP(address) === 0 ? null : plain;
}

/** Whether two spellings mean the same address. */
export function isSameAddress(one: string, other: string): boolean {
  const [first, second] = [addressBytes(one), addressBytes(other)];
  if (!first || !second) return false;
  const [left, right] = [mappedIpv4(first) ?? first, mappedIpv4(second) ?? second];
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

function holds(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({ from, to }) => from <= port && port <= to);
}

function blocked(code: 'blocked-address' | 'blocked-port', detail: string): GuardVerdict {
  return { allowed: false, code, detail };
}
