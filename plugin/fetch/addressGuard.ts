import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Config } from '../config.ts';
import { GLOBAL_IPV6, SPECIAL_IPV4, SPECIAL_IPV6 } from './specialAddresses.ts';

export type Verdict =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly code: 'blocked-address' | 'blocked-port';
      /** For the operator; names the address. */
      readonly detail: string;
    };

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Block = readonly [Address, number];

interface Exception {
  readonly block: Block;
  readonly port: number | null;
}

const SPECIAL = [...SPECIAL_IPV4, ...SPECIAL_IPV6].map(([cidr, what]) => ({ block: ipaddr.parseCIDR(cidr), what }));
const GLOBAL = ipaddr.parseCIDR(GLOBAL_IPV6);

/**
 * Which addresses may be connected to. Deny by default: IPv4 less the special-purpose registries, IPv6 only global
 * unicast less its special blocks. An exception of the operator (a network, for one port or all) wins over both rules.
 */
export class AddressGuard {
  readonly #exceptions: readonly Exception[];
  readonly #ports: Config['ports'];
  readonly #blockedPorts: Config['blockedPorts'];

  constructor(config: Pick<Config, 'allowNetworks' | 'ports' | 'blockedPorts'>) {
    this.#exceptions = config.allowNetworks.map(({ cidr, port }) => ({ block: ipaddr.parseCIDR(cidr), port }));
    this.#ports = config.ports;
    this.#blockedPorts = config.blockedPorts;
  }

  /** `address` in any spelling that `node:net` knows; anything else is blocked. */
  checkAddress(address: string, port: number): Verdict {
    if (isIP(address) === 0) return blocked(`${address} is no address.`);
    const parsed = ipaddr.parse(address.replace(/%.*$/, ''));
    if (this.#isException(parsed, port)) return { allowed: true };
    const special = specialUse(parsed);
    if (special !== null) return blocked(`${address} is not a public address: ${special}.`);
    return this.#isOpen(port) ? { allowed: true } : closedPort(port);
  }

  /** Before any name is looked up: a port that no address could make right. */
  checkPort(port: number): Verdict {
    const mayBeException = this.#exceptions.some((exception) => exception.port === null || exception.port === port);
    return mayBeException || this.#isOpen(port) ? { allowed: true } : closedPort(port);
  }

  #isException(address: Address, port: number): boolean {
    const plain = unmapped(address);
    return this.#exceptions.some(
      (exception) => (exception.port === null || exception.port === port) && contains(exception.block, plain),
    );
  }

  #isOpen(port: number): boolean {
    const within = ({ from, to }: { from: number; to: number }) => port >= from && port <= to;
    return this.#ports.some(within) && !this.#blockedPorts.some(within);
  }
}

/** The address that a host of a URL spells; null for a name. The URL parser has made every numeric spelling plain. */
export function literalOf(hostname: string): string | null {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? null : bare;
}

/** Whether two spellings mean the same address; an IPv4-mapped one means the IPv4 address. */
export function isSameAddress(one: string, other: string): boolean {
  if (isIP(one) === 0 || isIP(other) === 0) return false;
  const [first, second] = [one, other].map((text) => unmapped(ipaddr.parse(text.replace(/%.*$/, ''))).toNormalizedString());
  return first === second;
}

/** What an address is special for, or null when it is ordinary public unicast. */
function specialUse(address: Address): string | null {
  const found = SPECIAL.find(({ block }) => contains(block, address));
  if (found) return found.what;
  if (address instanceof ipaddr.IPv4) return null;
  if (!contains(GLOBAL, address)) return address.isIPv4MappedAddress() ? 'an IPv4-mapped address' : 'not global unicast';
  return isatapUse(address);
}

/** ISATAP (RFC 5214 section 6.1) carries an IPv4 address in its interface identifier. */
function isatapUse(address: ipaddr.IPv6): string | null {
  const bytes = address.toByteArray();
  const [flags = 0, second, third, fourth] = bytes.slice(8, 12);
  const isIsatap = (flags === 0x00 || flags === 0x02) && second === 0x00 && third === 0x5e && fourth === 0xfe;
  return isIsatap ? specialUse(new ipaddr.IPv4(bytes.slice(12))) : null;
}

function unmapped(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function contains([network, bits]: Block, address: Address): boolean {
  if (network instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(network, bits);
  return address instanceof ipaddr.IPv6 && address.match(network, bits);
}

function blocked(detail: string): Verdict {
  return { allowed: false, code: 'blocked-address', detail };
}

function closedPort(port: number): Verdict {
  return { allowed: false, code: 'blocked-port', detail: `Port ${port} is not open to the archiver.` };
}
