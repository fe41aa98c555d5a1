import type { Config } from '../../settings/Config.ts';
import { portOf } from '../http/parseUrl.ts';
import type { ConnectTarget } from './connector.ts';
import type { HostSettingsMap } from './hostSettings.ts';
import type { HttpProxy } from './proxySocket.ts';

/** The variables of an environment, of which the `…_proxy` ones are read. */
export type ProxyVariables = Readonly<Record<string, string | undefined>>;

/** The proxies of the settings; those of single hosts are in {@link HostSettingsMap}. */
export interface ProxySettings extends Pick<Config, 'proxy' | 'proxyFromEnvironment'> {
  /** `HTTP_PROXY` and relatives; used only when `proxyFromEnvironment` is set. */
  readonly environment: ProxyVariables;
}

/** Which proxy, if any, a target is reached through: the host's, else the general one, else that of the environment. */
export class Proxies {
  readonly #hosts: HostSettingsMap;
  readonly #general: HttpProxy | null;
  readonly #environment: {
    readonly http: HttpProxy | null;
    readonly https: HttpProxy | null;
    readonly except: string;
  } | null;

  constructor({ proxy, proxyFromEnvironment, environment }: ProxySettings, hosts: HostSettingsMap) {
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
    port: portOf({ protocol, port }),
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
