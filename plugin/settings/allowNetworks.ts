import type { AllowedNetwork } from '../model/settings.ts';

/**
 * Reads exceptions of the address guard: comma-separated `CIDR` or `CIDR:port`, IPv6 with a port as `[::1/128]:8080`.
 * Every entry that is none is an error of its own; a name never is an exception.
 */
export function parseAllowNetworks(text: string): {
  readonly networks: readonly AllowedNetwork[];
  readonly errors: readonly string[];
} {
  const networks: AllowedNetwork[] = [];
  const errors: string[] = [];
  const entries = text.trim() === '' ? [] : text.split(',').map((entry) => entry.trim());
  for (const entry of entries) {
    const network = parseEntry(entry);
    if (network) networks.push(network);
    else errors.push(`holds ${JSON.stringify(entry)}, which is no CIDR or CIDR:port`);
  }
  return { networks, errors };
}

function parseEntry(entry: string): AllowedNetwork | null {
  const bracketed = /^\[([^[\]]+)\](?::(\d{1,5}))?$/.exec(entry);
  const ipv4 = /^([\d.]+\/\d{1,2})(?::(\d{1,5}))?$/.exec(entry);
  const [, cidr = entry, portText] = bracketed ?? ipv4 ?? [];
  const port = portText === undefined ? null : Number(portText);
  const validPort = port === null || (port >= 1 && port <= 65_535);
  const valid = ipv4 ? isIpv4Cidr(cidr) : isIpv6Cidr(cidr);
  return valid && validPort ? { cidr: cidr.toLowerCase(), port } : null;
}

function isIpv4Cidr(cidr: string): boolean {
  const [address = '', bits = ''] = cidr.split('/');
  const parts = address.split('.');
  return (
    parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255) &&
    Number(bits) <= 32
  );
}

function isIpv6Cidr(cidr: string): boolean {
  const [, address = '', bits = ''] = /^([\da-fA-F:.]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  return address.includes(':') && Number(bits) <= 128 && URL.canParse(`http://[${address}]/`);
}
