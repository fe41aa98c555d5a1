import ipaddr from 'ipaddr.js';
import type { AllowedNetwork, DnsServer, PortRange } from '../model/settings.ts';
import { parseAllowNetworks } from './allowNetworks.ts';
import { list, type Parsed, type SettingKind, text } from './settingKinds.ts';

const WRONG = { wrong: '' } as const;
const MAX_PORT = 65_535;

const portRange: SettingKind<PortRange> = {
  name: 'port range',
  accepted: 'a port or a range of ports',
  schema: { type: ['string', 'integer'], pattern: '^\\d+(-\\d+)?$', minimum: 1, maximum: MAX_PORT },
  parse(raw) {
    const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(raw)) ?? [];
    const from = Number(first);
    const to = Number(last);
    return from >= 1 && from <= to && to <= MAX_PORT ? { value: { from, to } } : WRONG;
  },
};

/** Ports and ranges of ports, 1 to 65535. */
export const portRanges = (): SettingKind<readonly PortRange[]> =>
  list(portRange, {
    accepted: 'ports and ranges of ports, 1 to 65535, separated by commas, such as 80,443,1024-65535',
  });

const dnsServer: SettingKind<DnsServer> = {
  name: 'name server',
  accepted: 'an address, with a port or without',
  schema: { type: 'string' },
  parse(raw) {
    if (typeof raw !== 'string') return WRONG;
    const [, bracketed, plain, portText = '53'] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(raw) ?? [];
    const address = bracketed ?? plain ?? raw;
    const port = Number(portText);
    const valid = isIpv6(address) ? plain === undefined : bracketed === undefined && isIpv4(address);
    return valid && port >= 1 && port <= MAX_PORT ? { value: { address, port } } : WRONG;
  },
};

const isIpv4 = (address: string): boolean => ipaddr.IPv4.isValidFourPartDecimal(address);
const isIpv6 = (address: string): boolean => ipaddr.IPv6.isValid(address);

/** Addresses of name servers; never their names, which somebody would have to look up. */
export const dnsServers = (): SettingKind<readonly DnsServer[]> =>
  list(dnsServer, {
    accepted:
      'addresses of name servers separated by commas, such as 127.0.0.1:5353,[::1]:53 (port 53 when none is given)',
  });

/** Exceptions of the address guard; every entry that is wrong is named. */
export function allowedNetworks(): SettingKind<readonly AllowedNetwork[]> {
  return {
    name: 'list of networks',
    accepted: 'CIDR or CIDR:port separated by commas, such as 127.0.0.0/8:8080,[::1/128]:8080',
    schema: { type: 'array', items: { type: 'string' } },
    emptyCounts: true,
    parse(raw): Parsed<readonly AllowedNetwork[]> {
      const isList = Array.isArray(raw) && raw.every((one) => typeof one === 'string');
      if (typeof raw !== 'string' && !isList) return WRONG;
      const { networks, errors } = parseAllowNetworks(Array.isArray(raw) ? raw.join(',') : raw);
      return errors.length > 0 ? { wrong: errors.join('; ') } : { value: networks };
    },
  };
}

const hostPattern = text({
  name: 'host',
  accepted: 'a host',
  pattern: /^(\*\.)?[^\s/:*@,]+(:\d{1,5})?$/,
});

/** Names of hosts, in lower case; `*.` covers subdomains. */
export const hostNames = (): SettingKind<readonly string[]> => {
  const hosts = list(hostPattern, { accepted: 'host names separated by commas; *.example.org covers subdomains' });
  return {
    ...hosts,
    parse(raw) {
      const parsed = hosts.parse(raw);
      return 'wrong' in parsed ? parsed : { value: parsed.value.map((host) => host.toLowerCase()) };
    },
  };
};
