import type { Config } from '../config.ts';
import type { HostSettings } from '../model/settings.ts';

/** HTTP_PROXY and its relatives, read by whoever may read the environment. */
export interface EnvironmentProxies {
  readonly http: string | null;
  readonly https: string | null;
  /** As in NO_PROXY: hosts or domain ends, separated by commas; `*` for all. */
  readonly no: string;
}

/** The settings of the most specific entry: `host:port`, then `host`, then the longest `*.domain`. */
export function hostSettingsOf(hosts: Config['hosts'], hostname: string): HostSettings | null {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  const exact = hosts[name];
  if (exact) return exact;
  const wildcard = Object.keys(hosts)
    .filter((pattern) => pattern.startsWith('*.') && name.endsWith(pattern.slice(1).toLowerCase()))
    .sort((one, other) => other.length - one.length)[0];
  return wildcard === undefined ? null : (hosts[wildcard] ?? null);
}

/** The proxy for a URL, or null: the host's own, the general one, then the environment's where that is asked for. */
export function proxyOf(
  url: URL,
  config: Pick<Config, 'hosts' | 'proxy'>,
  environment: EnvironmentProxies | null,
): string | null {
  const own = hostSettingsOf(config.hosts, url.hostname)?.proxy;
  if (own !== undefined) return own;
  if (config.proxy !== null) return config.proxy;
  if (!environment || isExempt(url, environment.no)) return null;
  return url.protocol === 'https:' ? environment.https : environment.http;
}

function isExempt(url: URL, no: string): boolean {
  return no
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const [, domain = '', port] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      if (port !== undefined && port !== (url.port || (url.protocol === 'https:' ? '443' : '80'))) return false;
      return url.hostname === domain || url.hostname.endsWith(`.${domain}`);
    });
}
