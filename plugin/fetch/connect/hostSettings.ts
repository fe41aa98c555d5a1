import { domainToASCII } from 'node:url';
import type { HostSettings } from '../../model/settings.ts';
import type { Config } from '../../settings/Config.ts';

/** The settings of hosts by name: `host:port` before `host` before the longest `*.suffix`. */
export class HostSettingsMap {
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

function asciiPattern(pattern: string): string {
  const [, wildcard = '', name = pattern, port = ''] = /^(\*\.)?(.*?)(:\d+)?$/s.exec(pattern.toLowerCase()) ?? [];
  if (name.startsWith('[')) return pattern.toLowerCase();
  return `${wildcard}${domainToASCII(name) || name}${port}`;
}
