import { messageOf } from '../errors.ts';
import type { HostSite, HostSlice, HostWait } from '../model/host.ts';
import type { Logger } from '../model/logger.ts';
import type { Hosts } from '../record/Hosts.ts';

/** Places at hosts as they are taken and given back. */
export interface HostSlots extends Pick<Hosts, 'renewSlots'> {
  /** `from`: the host where the link begins, whose place is held meanwhile; what both share counts once. */
  takeSlice(
    host: string,
    by: Omit<Parameters<Hosts['takeSlice']>[1], 'site'> & { readonly from?: string },
  ): Promise<HostSlice>;
  /** What holds the slots has become slow. Never rejects. */
  slowSlots(host: string, held: { readonly owner: string; readonly slots: number }): Promise<void>;
  releaseSlots(host: string, report: Parameters<Hosts['releaseSlots']>[1]): Promise<void>;
}

/** What places at hosts, addresses and domains are counted with. */
export interface SitedHostsDeps {
  readonly hosts: Pick<Hosts, 'takeSlice' | 'renewSlots' | 'slowSlots' | 'releaseSlots'>;
  /** Where a host stands; never rejects. */
  siteOf(host: string): Promise<HostSite>;
  /** It is this host's turn at its address or domain. */
  onTurn(wait: HostWait): void;
  readonly logger: Pick<Logger, 'warn'>;
}

/** The places of hosts, counted for the address and the registrable domain of each host as well. */
export class SitedHosts implements HostSlots {
  readonly #deps: SitedHostsDeps;
  /** Of slots that are held, by their owner: they are given back where they were taken. */
  readonly #sites = new Map<string, HostSite>();

  constructor(deps: SitedHostsDeps) {
    this.#deps = deps;
  }

  async takeSlice(host: string, { from, ...by }: Parameters<HostSlots['takeSlice']>[1]): Promise<HostSlice> {
    const { hosts, siteOf } = this.#deps;
    const site = await siteOf(host);
    const counted = from === undefined ? site : beside(site, await siteOf(from));
    const slice = await hosts.takeSlice(host, { ...by, site: counted });
    if (slice.slots > 0) this.#sites.set(by.owner, counted);
    return slice;
  }

  renewSlots(host: string, by: Parameters<Hosts['renewSlots']>[1]): Promise<void> {
    return this.#deps.hosts.renewSlots(host, by);
  }

  async slowSlots(host: string, { owner, slots }: Parameters<HostSlots['slowSlots']>[1]): Promise<void> {
    const site = this.#sites.get(owner);
    // Given back meanwhile.
    if (!site) return;
    const { hosts, logger } = this.#deps;
    try {
      this.#call(await hosts.slowSlots(host, { owner, slots, site }));
    } catch (error) {
      logger.warn({ host, error: messageOf(error) }, 'that a host is slow could not be told');
    }
  }

  async releaseSlots(host: string, report: Parameters<HostSlots['releaseSlots']>[1]): Promise<void> {
    const site = this.#sites.get(report.owner);
    this.#sites.delete(report.owner);
    this.#call(await this.#deps.hosts.releaseSlots(host, { ...report, site }));
  }

  #call(waits: readonly HostWait[]): void {
    for (const wait of waits) this.#deps.onTurn(wait);
  }
}

function beside({ address, domain }: HostSite, from: HostSite): HostSite {
  return {
    address: address === from.address ? null : address,
    domain: domain === from.domain ? null : domain,
  };
}
