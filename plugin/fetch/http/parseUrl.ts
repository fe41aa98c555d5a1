import { isOverlongName } from '../../decide/hostOf.ts';
import { withoutStrippedCharacters } from '../../decide/redactUrl.ts';

/** Longer request lines are refused by most servers. */
const MAX_URL_BYTES = 8192;

/** Schemes that people write; digits behind another word are the port of a host. */
const KNOWN_SCHEMES: ReadonlySet<string> = new Set(
  (
    'about blob callto data doi file ftp ftps javascript ldap ldaps magnet mailto rsync sftp sip sips skype sms tel telnet urn ' +
    'vbscript ws wss'
  ).split(' '),
);
/** `//http://x` and, with a colon lost, `//http//x`. */
const SECOND_SCHEME = /^[/\\]{2}(https?)(?::[/\\]|[/\\]{2})/i;

/** `invalid`: why there is nothing to ask for; the reason holds no credentials. */
export type ParsedUrl =
  | {
      readonly kind: 'ok';
      /** Without credentials and fragment. */
      readonly url: URL;
      readonly credentials: { readonly username: string; readonly password: string } | null;
    }
  | { readonly kind: 'invalid'; readonly code: 'invalid-url' | 'unsupported-scheme'; readonly reason: string };

/**
 * A URL as people write it → the one URL to ask for, by the WHATWG URL standard with three differences: the scheme must
 * be followed by two slashes (as CKAN's archiver demands), a percent sign that starts no escape becomes `%25`, and hosts
 * that no name server can know are invalid. Reasons hold no credentials.
 */
export function parseUrl(text: string): ParsedUrl {
  const written = withoutStrippedCharacters(text);
  if (written === '') return invalid('The URL is empty.');
  const [, scheme, afterScheme = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(written) ?? [];
  if (scheme === undefined) return invalid('The URL has no scheme: it must begin with http:// or https://.');
  const refusal = refusedScheme(scheme.toLowerCase(), afterScheme);
  if (refusal) return refusal;
  if (!/^[/\\]{2}/.test(afterScheme)) return invalid(`The URL has no // after ${scheme.toLowerCase()}:.`);
  if (/^[/\\]{2}(?:[/\\?#]|$)/.test(afterScheme)) return invalid('The URL names no host.');
  const [, second] = SECOND_SCHEME.exec(afterScheme) ?? [];
  if (second)
    return invalid(`The URL has two schemes: ${scheme.toLowerCase()}:// and then ${second.toLowerCase()} again.`);
  if (written.length > MAX_URL_BYTES) return tooLong();
  return parsed(escapeStrayPercents(scheme, afterScheme));
}

/** The port of a URL of http or https, the scheme's own where it names none. */
export function portOf({ protocol, port }: { readonly protocol: string; readonly port: string }): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

function refusedScheme(scheme: string, rest: string): ParsedUrl | null {
  if (scheme === 'http' || scheme === 'https') return null;
  const isPort = /^\d{1,5}(?:[/?#\\]|$)/.test(rest) && !KNOWN_SCHEMES.has(scheme);
  if (isPort || ((scheme.includes('.') || scheme === 'localhost') && !rest.startsWith('//'))) {
    return invalid('The URL has no scheme: it must begin with http:// or https://.');
  }
  if (scheme.length === 1) return invalid('This is the path of a file on a computer, not a URL.');
  const reason = `Only the schemes http and https can be fetched, not ${scheme.slice(0, 40)}.`;
  return { kind: 'invalid', code: 'unsupported-scheme', reason };
}

/** In the host an escape stands for a character, so a stray one there stays wrong. */
function escapeStrayPercents(scheme: string, afterScheme: string): string {
  const [, authority = '', rest = ''] = /^([/\\]{2}[^/?#\\]*)(.*)$/s.exec(afterScheme) ?? [];
  return `${scheme}:${authority}${rest.replace(/%(?![\da-f]{2})/gi, '%25')}`;
}

function parsed(text: string): ParsedUrl {
  const url = urlOf(text);
  if (url === null) return invalid(whyUnparsable(text));
  // Each of these serialises the whole URL again, and few need it.
  if (url.href.includes('#')) url.hash = '';
  const credentials = credentialsOf(url);
  if (credentials) {
    url.username = '';
    url.password = '';
  }
  const wrongHost = whyBadHost(url.hostname);
  if (wrongHost) return invalid(wrongHost);
  if (Buffer.byteLength(url.href) > MAX_URL_BYTES) return tooLong();
  return { kind: 'ok', url, credentials };
}

/** null where it is none: asked first, every good URL would be parsed twice. */
function urlOf(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function credentialsOf({ username, password }: URL): { username: string; password: string } | null {
  return username === '' && password === ''
    ? null
    : { username: decodedCredential(username), password: decodedCredential(password) };
}

function whyUnparsable(text: string): string {
  // With a slash in it a password would stand where the port does.
  const said = (part: string): string => (text.includes('@') ? '' : `: ${JSON.stringify(part)}`);
  const authority = (/^[^:]*:[/\\]{2}([^/?#\\]*)/.exec(text)?.[1] ?? '').replace(/^.*@/s, '');
  const [, host = '', port] = /^(\[[^\]]*\]?|[^:]*)(?::(.*))?$/s.exec(authority) ?? [];
  if (host === '') return 'The URL names no host.';
  if (port !== undefined && !(/^\d*$/.test(port) && Number(port) <= 65_535)) {
    return `The URL's port is not a number from 1 to 65535${said(port.slice(0, 40))}.`;
  }
  return `The URL's host is not a valid name or address${said(host.slice(0, 100))}.`;
}

/** One dot at the end is the root. */
function whyBadHost(hostname: string): string | null {
  if (hostname.startsWith('[')) return null;
  const labels = hostname.replace(/\.$/, '').split('.');
  if (labels.includes('')) return "The URL's host has an empty part.";
  return isOverlongName(hostname) ? "The URL's host is too long for a name." : null;
}

/** A percent sign that starts no escape is part of the credential. */
function decodedCredential(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/(?:%[\da-f]{2})+/gi, (escapes) =>
      Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
    );
  }
}

function tooLong(): ParsedUrl {
  return invalid(`The URL is longer than ${MAX_URL_BYTES} bytes.`);
}

function invalid(reason: string): ParsedUrl {
  return { kind: 'invalid', code: 'invalid-url', reason };
}
