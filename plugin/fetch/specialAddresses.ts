/** Every IPv4 block that is not ordinary public unicast: IANA's special-purpose registry (RFC 6890 and later), multicast. */
export const SPECIAL_IPV4: readonly (readonly [cidr: string, what: string])[] = [
  ['0.0.0.0/8', 'this network (RFC 791)'],
  ['10.0.0.0/8', 'private use (RFC 1918)'],
  ['100.64.0.0/10', 'shared address space (RFC 6598)'],
  ['127.0.0.0/8', 'loopback (RFC 1122)'],
  ['168.63.129.16/32', 'the virtual host of Azure'],
  ['169.254.0.0/16', 'link local (RFC 3927), cloud metadata'],
  ['172.16.0.0/12', 'private use (RFC 1918)'],
  ['192.0.0.0/24', 'IETF protocol assignments (RFC 6890)'],
  ['192.0.2.0/24', 'documentation (RFC 5737)'],
  ['192.31.196.0/24', 'AS112 (RFC 7535)'],
  ['192.52.193.0/24', 'AMT (RFC 7450)'],
  ['192.88.99.0/24', '6to4 relay anycast (RFC 7526)'],
  ['192.168.0.0/16', 'private use (RFC 1918)'],
  ['192.175.48.0/24', 'AS112 (RFC 7534)'],
  ['198.18.0.0/15', 'benchmarking (RFC 2544)'],
  ['198.51.100.0/24', 'documentation (RFC 5737)'],
  ['203.0.113.0/24', 'documentation (RFC 5737)'],
  ['224.0.0.0/4', 'multicast (RFC 5771)'],
  ['240.0.0.0/4', 'reserved (RFC 1112), limited broadcast'],
];

/** The only IPv6 block that is global unicast at all (RFC 4291 section 2.4). */
export const GLOBAL_IPV6 = '2000::/3';

/** What is special inside it. */
export const SPECIAL_IPV6: readonly (readonly [cidr: string, what: string])[] = [
  ['2001::/23', 'IETF protocol assignments (RFC 2928), Teredo (RFC 4380)'],
  ['2001:db8::/32', 'documentation (RFC 3849)'],
  ['2002::/16', '6to4 (RFC 3056)'],
  ['2620:4f:8000::/48', 'AS112 (RFC 7534)'],
  ['3ffe::/16', '6bone, returned (RFC 3701)'],
  ['3fff::/20', 'documentation (RFC 9637)'],
];
