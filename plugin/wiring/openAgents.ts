import { Agents } from '../fetch/connect/agents.ts';
import type { Config } from '../settings/Config.ts';
import { proxyVariables } from '../settings/loadConfig.ts';

/** Connections to the outside, each through the address guard and by the proxies that the settings name. */
export function openAgents(config: Config): Agents {
  return new Agents(config, { environment: proxyVariables() });
}
