import { domainToASCII } from 'node:url';
import type { HostSettings } from '../../model/settings.ts';
import type { Config } from '../../settings/loadConfig.ts';
import type { ConnectTarget } from './connector.ts';
import type { HttpProxy } from './proxySocket.ts';

export type ProxyVariables = Readonly<Record<string, string | undefined>>;

/** The settings of hosts by name: `host:port` before `host` before the longest `*.suffix`. */
export class HostTable {
  readonly #hosts = new Map<string, HostSettings>();

  constructor(hosts: Config['hosts']) {
    for (const [pattern, settings] of Object.entries(hosts)) this.#hosts.set(asciiPattern(pattern), settings);
  }

  /** `hostname` may itself end in a port. */
  settingsFor(hostname: string, port?: number): HostSettings | null {
    if (this.#hosts.size === 0) return null;
    const whole = hostname.toLowerCase();
    const [, name = whole, written] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(whole) ?? [];
    const plain = name.replace(/\.$/, '');
    const at = written ?? port;
    const exact = (at === undefined ? undefined : this.#hosts.get(`${plain}:${at}`)) ?? this.#hosts.get(plain);
    return exact ?? this.#covering(plain);
  }

  #covering(name: string): HostSettings | null {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const found = this.#hosts.get(`*${name.slice(dot)}`);
      if (found) return found;
    }
    return null;
  }
}

const tables = new WeakMap<Config['hosts'], HostTable>();

/** The settings of one host, whose name may end in a port. */
export function hostSettingsOf(hosts: Config['hosts'], host: string): HostSettings | null {
  const table = tables.get(hosts) ?? new HostTable(hosts);
  tables.set(hosts, table);
  return table.settingsFor(host);
}

export interface ProxySettings extends Pick<Config, 'proxy' | 'proxyFromEnvironment'> {
  /** `HTTP_PROXY` and relatives; used only when `proxyFromEnvironment` is set. */
  readonly environment: ProxyVariables;
}

/** Which proxy, if any, a target is asked through: the host's, else the general one, else that of the environment. */
export class Proxies {
  readonly #hosts: HostTable;
  readonly #general: HttpProxy | null;
  readonly #environment: {
    readonly http: HttpProxy | null;
    readonly https: HttpProxy | null;
    readonly except: string;
  } | null;

  constructor({ proxy, proxyFromEnvironment, environment }: ProxySettings, hosts: HostTable) {
    this.#hosts = hosts;
    this.#general = proxy === null ? null : proxyOf(proxy);
    this.#environment = proxyFromEnvironment ? environmentProxies(environment) : null;
  }

  proxyFor({ protocol, hostname, port }: ConnectTarget): HttpProxy | null {
    const own = this.#hosts.settingsFor(hostname, port)?.proxy;
    if (own !== undefined) return proxyOf(own);
    if (this.#general) return this.#general;
    if (!this.#environment || isExcepted(this.#environment.except, hostname, port)) return null;
    return protocol === 'https:' ? this.#environment.https : this.#environment.http;
  }
}

/** Throws a `TypeError` for a text that is no http(s) URL; it may hold a password and is not repeated. */
export function proxyOf(text: string): HttpProxy {
  const written = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(written)) throw new TypeError('The URL of the proxy cannot be read.');
  const { protocol, hostname, port, username, password } = new URL(written);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError('The URL of the proxy is not http or https.');
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    secure: protocol === 'https:',
    hostname,
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    authorization: pair === ':' ? null : `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`,
  };
}

function environmentProxies(variables: ProxyVariables) {
  const all = variables['all_proxy'] || variables['ALL_PROXY'] || '';
  const http = variables['http_proxy'] || variables['HTTP_PROXY'] || all;
  const https = variables['https_proxy'] || variables['HTTPS_PROXY'] || all;
  return {
    http: http === '' ? null : proxyOf(http),
    https: https === '' ? null : proxyOf(https),
    except: variables['no_proxy'] || variables['NO_PROXY'] || '',
  };
}

/** `NO_PROXY` as curl reads it: hosts with all below them, with a port or without, or `*`. */
function isExcepted(list: string, hostname: string, port: number): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, host = entry, only] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
      const suffix = host.replace(/^\*?\./, '');
      const bare = name.replace(/^\[(.*)\]$/, '$1');
      const covers = name === suffix || bare === suffix || name.endsWith(`.${suffix}`);
      return covers && (only === undefined || Number(only) === port);
    });
}

function asciiPattern(pattern: string): string {
  const [, wildcard = '', name = pattern, port = ''] = /^(\*\.)?(.*?)(:\d+)?$/s.exec(pattern.toLowerCase()) ?? [];
  if (name.startsWith('[')) return pattern.toLowerCase();
  return `${wildcard}${domainToASCII(name) || name}${port}`;
}
