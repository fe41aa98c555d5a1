import { isIP } from 'node:net';

/** An address as bytes, 4 or 16 of them. */
export type AddressBytes = readonly number[];

/** The addresses whose first `bits` bits are those of `bytes`. */
export interface Network {
  readonly bytes: AddressBytes;
  readonly bits: number;
}

interface SpecialPurposeNetwork extends Network {
  readonly name: string;
}

/**
 * null for a text that is no address in its usual spelling. A zone (`%eth0`) names an interface, not an address. Read
 * here and not by ipaddr.js, which takes `::10.0.0.1` for `::ffff:10.0.0.1`.
 */
export function addressBytes(address: string): AddressBytes | null {
  const plain = address.replace(/%.*$/s, '');
  const family = isIP(plain);
  if (family === 0) return null;
  return family === 4 ? plain.split('.').map(Number) : ipv6Bytes(plain);
}

/** Of a text that is known to be one. */
function ipv6Bytes(address: string): AddressBytes {
  const [head = '', tail] = address.split('::');
  const before = groupBytes(head);
  if (tail === undefined) return before;
  const after = groupBytes(tail);
  return [...before, ...Array<number>(16 - before.length - after.length).fill(0), ...after];
}

function groupBytes(groups: string): readonly number[] {
  return groups
    .split(':')
    .filter((group) => group !== '')
    .flatMap((group) => {
      if (group.includes('.')) return group.split('.').map(Number);
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 0xff];
    });
}

/** null for a text that is no CIDR. Host bits do not matter. */
export function networkOf(cidr: string): Network | null {
  const [address = '', length = ''] = cidr.split('/');
  const bytes = addressBytes(address);
  const bits = Number(length);
  if (!bytes || !/^\d{1,3}$/.test(length) || bits > bytes.length * 8) return null;
  const embedded = mappedIpv4(bytes);
  return embedded && bits >= 96 ? { bytes: embedded, bits: bits - 96 } : { bytes, bits };
}

/** An address of one family is never within a network of the other. */
export function isWithin(address: AddressBytes, network: Network): boolean {
  if (address.length !== network.bytes.length) return false;
  for (let at = 0, left = network.bits; left > 0; at += 1, left -= 8) {
    const shift = Math.max(0, 8 - left);
    if ((address[at] ?? 0) >> shift !== (network.bytes[at] ?? 0) >> shift) return false;
  }
  return true;
}

/** The IPv4 address behind `::ffff:a.b.c.d`, else null. */
export function mappedIpv4(address: AddressBytes): AddressBytes | null {
  return isWithin(address, MAPPED) ? address.slice(12) : null;
}

/** What is special about an address that no publisher can have; null for ordinary public ones. */
export function specialPurposeName(address: AddressBytes): string | null {
  if (address.length === 4) return nameAmong(IPV4, address);
  const special = nameAmong(IPV6, address);
  if (special) return special;
  if (!isWithin(address, GLOBAL_UNICAST)) return 'not of the global unicast space';
  const embedded = isatapIpv4(address);
  const inner = embedded && nameAmong(IPV4, embedded);
  return inner ? `ISATAP, ${inner}` : null;
}

function nameAmong(networks: readonly SpecialPurposeNetwork[], address: AddressBytes): string | null {
  return networks.find((network) => isWithin(address, network))?.name ?? null;
}

/** RFC 5214 section 6.1: an interface identifier of `[02]00:5efe` and an IPv4 address. */
function isatapIpv4(address: AddressBytes): AddressBytes | null {
  const [universal, zero, first, second] = address.slice(8);
  const marked = zero === 0 && first === 0x5e && second === 0xfe && (Number(universal) & ~0x03) === 0;
  return marked ? address.slice(12) : null;
}

function network(cidr: string, name: string): SpecialPurposeNetwork {
  const [address = '', bits = ''] = cidr.split('/');
  return { bytes: addressBytes(address) ?? [], bits: Number(bits), name };
}

const MAPPED = network('::ffff:0:0/96', 'IPv4-mapped');
const GLOBAL_UNICAST = network('2000::/3', 'global unicast');

/** IANA's special-purpose registry (RFC 6890 and later), multicast, and what clouds put on public-looking addresses. */
const IPV4: readonly SpecialPurposeNetwork[] = [
  network('0.0.0.0/8', 'this network'),
  network('10.0.0.0/8', 'private'),
  network('100.64.0.0/10', 'shared by carriers'),
  network('127.0.0.0/8', 'loopback'),
  network('169.254.0.0/16', 'link-local'),
  network('172.16.0.0/12', 'private'),
  network('192.0.0.0/24', 'IETF protocols'),
  network('192.0.2.0/24', 'documentation'),
  network('192.31.196.0/24', 'AS112'),
  network('192.52.193.0/24', 'AMT relays'),
  network('192.88.99.0/24', '6to4 relays'),
  network('192.168.0.0/16', 'private'),
  network('192.175.48.0/24', 'AS112'),
  network('198.18.0.0/15', 'benchmarking'),
  network('198.51.100.0/24', 'documentation'),
  network('203.0.113.0/24', 'documentation'),
  network('224.0.0.0/4', 'multicast'),
  network('240.0.0.0/4', 'reserved or broadcast'),
  network('168.63.129.16/32', 'cloud services'),
];

/** Names for what lies outside global unicast, and the special blocks within it: none of them is ever a publisher's. */
const IPV6: readonly SpecialPurposeNetwork[] = [
  network('::/128', 'unspecified'),
  network('::1/128', 'loopback'),
  MAPPED,
  network('::ffff:0:0:0/96', 'IPv4-translated'),
  network('::/96', 'IPv4-compatible'),
  network('64:ff9b::/96', 'NAT64'),
  network('64:ff9b:1::/48', 'local NAT64'),
  network('100::/64', 'discard-only'),
  network('100:0:0:1::/64', 'dummy'),
  network('2001::/32', 'Teredo'),
  network('2001::/23', 'IETF protocols'),
  network('2001:db8::/32', 'documentation'),
  network('2002::/16', '6to4'),
  network('2620:4f:8000::/48', 'AS112'),
  network('3ffe::/16', 'former test network'),
  network('3fff::/20', 'documentation'),
  network('5f00::/16', 'segment routing'),
  network('fc00::/7', 'unique local'),
  network('fe80::/10', 'link-local'),
  network('fec0::/10', 'site-local'),
  network('ff00::/8', 'multicast'),
];
