export type ParsedUrl =
  | {
      readonly kind: 'ok';
      readonly url: URL;
      readonly credentials: { readonly username: string; readonly password: string } | null;
    }
  | { readonly kind: 'invalid'; readonly code: 'invalid-url' | 'unsupported-scheme'; readonly reason: string };

const MAX_LENGTH = 8192;
const SCHEME = /^([a-z][a-z0-9+.-]*):/i;

/**
 * A URL as people write them. Blanks around it go, blanks and Unicode inside are encoded, percent signs that already
 * encode something stay, others are encoded; the fragment is dropped and the credentials are taken out. What has no
 * `//` after its scheme is refused, as the CKAN archiver does, although browsers guess (WHATWG URL section 4.4).
 */
export function parseUrl(text: string): ParsedUrl {
  // As the URL standard does: C0 controls and blanks at the ends, tabs and line ends anywhere.
  const trimmed = text.replace(/^[\p{Cc}\p{Z}\uFEFF]+|[\p{Cc}\p{Z}\uFEFF]+$/gu, '').replace(/[\t\r\n]/g, '');
  if (trimmed === '') return invalid('The URL is empty.');
  if (trimmed.length > MAX_LENGTH) return invalid(`The URL is longer than ${MAX_LENGTH} characters.`);
  const scheme = SCHEME.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme === undefined || (scheme.includes('.') && !trimmed.slice(scheme.length).startsWith('://'))) {
    return invalid('The URL does not begin with http:// or https://.');
  }
  if (scheme !== 'http' && scheme !== 'https') return unknownScheme(trimmed, scheme);
  if (!trimmed.slice(scheme.length + 1).startsWith('//')) {
    return invalid(`The URL has no // after ${scheme}:, so it names no host.`);
  }
  if (/^[/\\]{2}(?:[/\\?#]|$)/.test(trimmed.slice(scheme.length + 1))) return invalid('The URL names no host.');
  return parseHttp(encodeStrayPercents(trimmed));
}

/** For people and records: without credentials, which are secret. */
export function redactUrl(url: string | URL): string {
  if (typeof url === 'string' && !URL.canParse(url)) return url.replace(/\/\/[^/?#@]*@/, '//');
  const clean = new URL(url);
  clean.username = '';
  clean.password = '';
  return clean.href;
}

/** For logs: without credentials, query and fragment, for a query may hold a token. */
export function urlForLog(url: string | URL): string {
  return redactUrl(url).replace(/[?#].*$/s, '');
}

function parseHttp(text: string): ParsedUrl {
  if (!URL.canParse(text)) return invalid('The URL cannot be read: its host or port is not valid.');
  const url = new URL(text);
  if (url.port === '0') return invalid('The URL names port 0, on which nothing can listen.');
  const length = url.hostname.replace(/\.$/, '').length;
  const isLiteral = url.hostname.startsWith('[');
  if (!isLiteral && (length > 253 || url.hostname.replace(/\.$/, '').split('.').some((label) => label === '' || label.length > 63))) {
    return invalid('The host of the URL is not a valid name.');
  }
  const hasCredentials = url.username !== '' || url.password !== '';
  const credentials = hasCredentials ? { username: decode(url.username), password: decode(url.password) } : null;
  url.username = '';
  url.password = '';
  url.hash = '';
  return { kind: 'ok', url, credentials };
}

function encodeStrayPercents(text: string): string {
  const authorityEnd = text.slice(text.indexOf('//') + 2).search(/[/\\?#]/);
  if (authorityEnd === -1) return text;
  const cut = text.indexOf('//') + 2 + authorityEnd;
  return text.slice(0, cut) + text.slice(cut).replace(/%(?![0-9a-f]{2})/gi, '%25');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function unknownScheme(text: string, scheme: string): ParsedUrl {
  // `example.org:8080/x` and `localhost:80`: a host with a port, not a scheme.
  if (/^[^/?#]*:\d+(?:[/?#]|$)/.test(text)) return invalid('The URL does not begin with http:// or https://.');
  return {
    kind: 'invalid',
    code: 'unsupported-scheme',
    reason: `The scheme ${scheme}: is not supported; only http: and https: can be archived.`,
  };
}

function invalid(reason: string): ParsedUrl {
  return { kind: 'invalid', code: 'invalid-url', reason };
}
