import { HostSettingsMap } from '../fetch/connect/hostSettings.ts';
import type { HostLimits } from '../model/host.ts';
import type { Config } from '../settings/Config.ts';

/** The limits of a host: the general settings, with what `hosts` says of this one before them. */
export function hostLimitsOf(config: Config): (host: string) => HostLimits {
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
  return (host) => ({ ...general, ...hosts.settingsFor(host)?.limits });
}
