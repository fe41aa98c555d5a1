import type { AttemptNote } from '../model/history.ts';
import type { HostLimits } from '../model/host.ts';
import type { Code } from '../model/status.ts';
import type { LinkCounts } from './ReportedLinks.ts';

/** `broken`: most broken links first; `links`: most links first; `host`: by name. Hosts that are left alone for now come before all others in `paused`. */
export type HostOrder = 'broken' | 'links' | 'host' | 'paused';

/** A page of the hosts whose names hold a text. */
export interface HostQuery {
  readonly order: HostOrder;
  readonly contains?: string | undefined;
  readonly after: string | null;
  readonly limit: number;
}

/** Some hosts, and where the next ones begin. */
export interface HostPage {
  readonly hosts: readonly ReportedHost[];
  readonly next: string | null;
}

/** A publisher's host. */
export interface ReportedHost {
  readonly host: string;
  readonly links: LinkCounts;
  /** Limits that an administrator set; what is not among them is as the settings say. null: none. */
  readonly override: Partial<HostLimits> | null;
  /** Retry-After, or a gap after slow answers. */
  readonly pausedUntil: Date | null;
  /** Circuit breaker. */
  readonly deadUntil: Date | null;
  readonly deadCount: number;
  readonly bytesToday: number;
  /** Of the attempts of the last 7 days; null: there were none. */
  readonly meanMs: number | null;
  readonly attempts: number;
}

/** A host with its newest answers, and its attempts by day and outcome. */
export interface HostStory extends ReportedHost {
  readonly answers: readonly (Pick<AttemptNote, 'at' | 'code' | 'reason' | 'status' | 'ms' | 'firstByteMs'> & {
    readonly resourceId: string;
  })[];
  readonly days: readonly HostDay[];
}

/** The attempts of one day (UTC) at one host that ended alike. */
export interface HostDay {
  readonly day: string;
  readonly code: Code;
  readonly attempts: number;
  /** Of one attempt. */
  readonly meanMs: number;
}
