import { messageOf } from '../errors.ts';
import { HostSettingsMap } from '../fetch/connect/hostSettings.ts';
import { HostSites } from '../fetch/connect/hostSites.ts';
import { Resolver } from '../fetch/connect/resolver.ts';
import type { HostWait } from '../model/host.ts';
import { SitedHosts } from '../work/sitedHosts.ts';
import { groupedHosts } from './groups/groupedHosts.ts';
import type { Scope } from './scope.ts';
import type { WorkerDeps } from './WorkerDeps.ts';

/** Who goes on when it is a host's turn. */
export interface HostCalls {
  /** Interactive requests that wait for it are taken up. */
  onFreed(host: string): void;
  /** Its share of a sweep goes on at this moment. */
  sweep(host: string, at: Date): Promise<void>;
}

/** The places of hosts, addresses and domains. */
export function openHosts(scope: Scope, worker: WorkerDeps, { onFreed, sweep }: HostCalls): SitedHosts {
  const { records, portal, now } = worker;
  const { logger } = portal;
  const sites = openSites(scope, worker);
  const onTurn = ({ host, urgent }: HostWait) => {
    if (urgent) return onFreed(host);
    // Its job comes by itself, later.
    sweep(host, now()).catch((error: unknown) =>
      logger.warn({ host, error: messageOf(error) }, 'a host could not be called'),
    );
  };
  return new SitedHosts({ hosts: groupedHosts(records.hosts), sites, onTurn, logger });
}

function openSites(scope: Scope, { config }: WorkerDeps): HostSites {
  const resolver = new Resolver(config);
  scope.defer(() => resolver.close());
  const settings = new HostSettingsMap(config.hosts);
  const isProxied = config.proxy !== null || config.proxyFromEnvironment;
  const isDirect = (host: string) => !isProxied && settings.settingsFor(host)?.proxy === undefined;
  return new HostSites({ resolver, isDirect, elapsedMs: () => performance.now() });
}
