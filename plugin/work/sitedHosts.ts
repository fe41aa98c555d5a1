import { hostnameOf } from '../decide/hostOf.ts';
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
  /** A connection to that host was made, to this address: its places count there. */
  connected(hostname: string, address: string): void;
}

/** What places at hosts, addresses and domains are counted with. */
export interface SitedHostsDeps {
  readonly hosts: Pick<Hosts, 'takeSlice' | 'renewSlots' | 'slowSlots' | 'moveSlots' | 'releaseSlots'>;
  readonly sites: {
    /** Never rejects. */
    find(host: string): Promise<HostSite>;
    /** Answers where the host stands now when that is elsewhere than was known. */
    connected(hostname: string, address: string): string | null;
  };
  /** It is this host's turn at its address or domain. */
  onTurn(wait: HostWait): void;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Slots as they were taken. */
interface Held {
  readonly host: string;
  readonly site: HostSite;
  /** Of the host where the link begins; null: the slots are at that one, or its address is not known. */
  readonly addressOfLink: string | null;
}

const NOWHERE: HostSite = { address: null, domain: null };

/** The places of hosts, counted for the address and the registrable domain of each host as well. */
export class SitedHosts implements HostSlots {
  readonly #deps: SitedHostsDeps;
  /** By their owner: they are given back where they were taken. */
  readonly #held = new Map<string, Held>();

  constructor(deps: SitedHostsDeps) {
    this.#deps = deps;
  }

  async takeSlice(host: string, { from, ...by }: Parameters<HostSlots['takeSlice']>[1]): Promise<HostSlice> {
    const { hosts, sites } = this.#deps;
    const ofLink = from === undefined ? NOWHERE : await sites.find(from);
    const site = beside(await sites.find(host), ofLink);
    const slice = await hosts.takeSlice(host, { ...by, site });
    if (slice.slots > 0) this.#held.set(by.owner, { host, site, addressOfLink: ofLink.address });
    return slice;
  }

  renewSlots(host: string, by: Parameters<Hosts['renewSlots']>[1]): Promise<void> {
    return this.#deps.hosts.renewSlots(host, by);
  }

  async slowSlots(host: string, { owner, slots }: Parameters<HostSlots['slowSlots']>[1]): Promise<void> {
    const site = this.#held.get(owner)?.site;
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
    const site = this.#held.get(report.owner)?.site;
    this.#held.delete(report.owner);
    this.#call(await this.#deps.hosts.releaseSlots(host, { ...report, site }));
  }

  connected(hostname: string, address: string): void {
    const moved = this.#deps.sites.connected(hostname, address);
    if (moved === null) return;
    for (const [owner, held] of this.#held) {
      if (hostnameOf(held.host) === hostname) void this.#move(owner, held, moved);
    }
  }

  /** What was counted where the host is not counts where it is. */
  async #move(owner: string, held: Held, to: string): Promise<void> {
    const { hosts, logger } = this.#deps;
    const { host, site } = held;
    const address = to === held.addressOfLink ? null : to;
    this.#held.set(owner, { ...held, site: { ...site, address } });
    await hosts.moveSlots(host, { owner, address }).catch((error: unknown) => {
      logger.warn({ host, error: messageOf(error) }, 'where a host was connected to could not be told');
    });
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
