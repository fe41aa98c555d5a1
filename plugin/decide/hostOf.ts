/** RFC 1035 section 2.3.4. */
const MAX_HOST_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;

/** Whether no name server can know a host of this name; one dot at the end is the root. */
export function isOverlongName(hostname: string): boolean {
  if (hostname.length <= MAX_LABEL_LENGTH) return false;
  const name = hostname.replace(/\.$/, '');
  return name.length > MAX_HOST_LENGTH || name.split('.').some((label) => label.length > MAX_LABEL_LENGTH);
}

/**
 * The host that politeness counts for: `host` or `host:port` in lower case; `''` for a text that is no HTTP URL, or whose
 * host is too long for a name.
 */
export function hostOf(url: string): string {
  const trimmed = url.trim();
  if (!/^https?:\/\//i.test(trimmed) || !URL.canParse(trimmed)) return '';
  return hostOfUrl(new URL(trimmed));
}

/** {@link hostOf} of a URL that is read already, and is one of HTTP. */
export function hostOfUrl({ host, hostname }: URL): string {
  return isOverlongName(hostname) ? '' : host;
}

/** Of a host that may end in a port, without it; IPv6 in brackets. `''` for what is no host. */
export function hostnameOf(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
}
