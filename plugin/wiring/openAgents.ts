import { Agents } from '../fetch/connect/agents.ts';
import type { HostPlaces } from '../model/hostPlaces.ts';
import type { Config } from '../settings/Config.ts';
import { proxyVariables } from '../settings/proxyVariables.ts';

/** Connections to the outside, each through the address guard and by the proxies that the settings name. */
export function openAgents(config: Config, onConnected?: HostPlaces['connected']): Agents {
  return new Agents(config, { environment: proxyVariables(), onConnected });
}
