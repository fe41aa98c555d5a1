import { readFileSync } from 'node:fs';

const PACKAGE = new URL('../../package.json', import.meta.url);
let version: string | null = null;

/** `portal-archiver/1.2.3 (+https://portal.example; admin@portal.example)`: RFC 9110 section 10.1.5. */
export function userAgent(site: string | null, contact: string | null): string {
  version ??= readVersion();
  const about = [site ? `+${site}` : null, contact]
    .filter((part) => part !== null && part !== '')
    .map((part) => ascii(`${part}`));
  return `portal-archiver/${version}${about.length > 0 ? ` (${about.join('; ')})` : ''}`;
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(PACKAGE, 'utf8'));
  const found = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : null;
  return typeof found === 'string' ? found : '0';
}

/** A comment may hold neither brackets nor what is not visible ASCII. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]|[()\\]/g, '');
}
