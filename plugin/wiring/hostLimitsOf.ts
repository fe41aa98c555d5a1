import { HostSettingsMap } from '../fetch/connect/hostSettings.ts';
import type { HostLimits } from '../model/host.ts';
import type { Config } from '../settings/Config.ts';
import { quietHours } from '../settings/jsonKinds.ts';
import { SETTINGS } from '../settings/settingsTable.ts';
import type { HostLimitSources, LimitKinds } from '../show/admin/AdminDeps.ts';

/** The limits of a host: the general settings, with what `hosts` says of this one before them. */
export function hostLimitsOf(config: Config): (host: string) => HostLimits {
  const sourcesOf = hostLimitSources(config);
  return (host) => {
    const { general, own } = sourcesOf(host);
    return { ...general, ...own };
  };
}

/** The same, by where the settings say it. */
export function hostLimitSources(config: Config): (host: string) => HostLimitSources {
  const hosts = new HostSettingsMap(config.hosts);
  const general: HostLimits = {
    requestsPerSecond: config.hostRequestsPerSecond,
    burst: config.hostBurst,
    concurrency: config.hostConcurrency,
    addressConcurrency: config.addressConcurrency,
    domainConcurrency: config.domainConcurrency,
    bytesPerDay: config.hostBytesPerDay,
    quietHours: config.quietHours,
    gapFactor: config.hostGapFactor,
  };
  return (host) => ({ general, own: hosts.settingsFor(host)?.limits ?? {} });
}

/** How limits that somebody sets are read. */
export const LIMIT_KINDS: LimitKinds = {
  requestsPerSecond: SETTINGS.hostRequestsPerSecond.kind,
  burst: SETTINGS.hostBurst.kind,
  concurrency: SETTINGS.hostConcurrency.kind,
  addressConcurrency: SETTINGS.addressConcurrency.kind,
  domainConcurrency: SETTINGS.domainConcurrency.kind,
  bytesPerDay: SETTINGS.hostBytesPerDay.kind,
  quietHours: quietHours(),
  gapFactor: SETTINGS.hostGapFactor.kind,
};
