import type { Credential, HostSettings } from '../../model/settings.ts';
import type { Config } from '../../settings/Config.ts';
import type { HttpRequest } from '../exchange/Response.ts';

/** User and password of a URL, decoded. */
export interface UrlCredentials {
  readonly username: string;
  readonly password: string;
}

/** What a request is built of. */
export interface RequestInput {
  readonly url: URL;
  readonly userAgent: string;
  readonly host: HostSettings | null;
  /** From the URL itself, or null when this origin must not see them. */
  readonly credentials: UrlCredentials | null;
  readonly cookie: string | null;
  /** Of the request itself, for this URL; null: none. */
  readonly authorization: string | null;
  /** The media type that is asked for first; null: any is as good. */
  readonly mediaType: string | null;
  /** Conditions, ranges; they win over all others. */
  readonly extra: Readonly<Record<string, string>>;
}

/**
 * The request for one hop. The URL's own credentials win over the host's setting, which knows less of this link.
 * `identity` comes first (RFC 9110 section 12.5.3): bytes are archived as they are, and a range can be continued.
 */
export function buildRequest(input: RequestInput): HttpRequest {
  const { url, host, credentials } = input;
  const headers: Record<string, string> = {
    'user-agent': input.userAgent,
    accept: input.mediaType === null ? '*/*' : `${input.mediaType}, */*;q=0.1`,
    'accept-encoding': 'identity',
  };
  for (const [name, value] of Object.entries(host?.headers ?? {})) headers[name.toLowerCase()] = value;
  if (host?.credential) addCredential(headers, host.credential);
  if (credentials) headers.authorization = basic(credentials.username, credentials.password);
  if (input.authorization !== null) headers.authorization = input.authorization;
  if (input.cookie !== null) headers.cookie = input.cookie;
  Object.assign(headers, input.extra);
  return { url, path: pathOf(url, credentials ? null : (host?.credential ?? null)), headers };
}

function addCredential(headers: Record<string, string>, credential: Credential): void {
  if (credential.kind === 'basic') headers.authorization = basic(credential.username, credential.password);
  if (credential.kind === 'bearer') headers.authorization = `Bearer ${credential.token}`;
  if (credential.kind === 'header') headers[credential.name.toLowerCase()] = credential.value;
}

function pathOf(url: URL, credential: Credential | null): string {
  // A question mark with nothing behind it is part of the address (RFC 3986 section 6.2.3), but not of `search`.
  const empty = url.search === '' && url.href.endsWith('?');
  const path = `${url.pathname}${empty ? '?' : url.search}`;
  if (credential?.kind !== 'query') return path;
  const pair = `${encodeURIComponent(credential.name)}=${encodeURIComponent(credential.value)}`;
  return `${path}${empty ? '' : url.search === '' ? '?' : '&'}${pair}`;
}

/** RFC 7617, with UTF-8 as its `charset` parameter would ask. */
function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** Whether the settings exclude this host; `*.example.org` covers subdomains, not `example.org` itself. */
export function isExcluded(hostname: string, patterns: Config['excludeHosts']): boolean {
  if (patterns.length === 0) return false;
  const host = hostname.toLowerCase().replace(/\.$/, '');
  return patterns.some((pattern) => {
    const wanted = pattern.toLowerCase();
    return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) : host === wanted;
  });
}
