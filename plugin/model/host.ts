/** What a host shares with others, as far as that is known. */
export interface HostSite {
  /** The IPv4 address, or the IPv6 network of 64 bits, that it is connected to at. */
  readonly address: string | null;
  /** Its registrable domain, by the public suffix list. */
  readonly domain: string | null;
}

/** A host that found no place because others of its address or domain had them all. */
export interface HostWait {
  readonly host: string;
  /** Interactive requests wait; false: a sweep does. */
  readonly urgent: boolean;
}

/** How politely one host is asked, over all workers together. */
export interface HostLimits {
  readonly requestsPerSecond: number;
  readonly burst: number;
  readonly concurrency: number;
  /**
   * Requests under way at all hosts of its address; those that have become slow count for half of it at most, so that they
   * never hold all. At least `concurrency`. 0 or left out: no limit.
   */
  readonly addressConcurrency?: number;
  /** The same for all hosts of its registrable domain. */
  readonly domainConcurrency?: number;
  /** 0 or null: no limit. */
  readonly bytesPerDay: number | null;
  /** UTC hours in which nothing is asked, e.g. `[8, 18]` from 8:00 to 18:00; may wrap midnight. */
  readonly quietHours: readonly [number, number] | null;
  /** Pause after each answer as a multiple of its response time. */
  readonly gapFactor: number;
}

/** A share of a host's budget that a worker was granted, or why it was granted none. */
export interface HostSlice {
  /** Requests that may be sent now; 0 when the host must be left alone until `retryAt`. */
  readonly granted: number;
  /** Requests that may be under way concurrently; more than 0 when `granted` is. */
  readonly slots: number;
  readonly retryAt: Date | null;
  readonly reason:
    | 'free'
    | 'rate'
    | 'concurrency'
    | 'address'
    | 'domain'
    | 'bytes'
    | 'quiet'
    | 'retry-after'
    | 'circuit';
  /** What it was taken by, with what an administrator set for the host; left out: as it was asked for. */
  readonly limits?: HostLimits;
  /** Requests that its rate would still allow after these; left out: not known. */
  readonly tokensLeft?: number;
}

/** What the work on a slice came to, when its slots are given back. */
export interface HostReport {
  readonly owner: string;
  readonly slots: number;
  /** Tokens taken but not used; below 0: more requests were sent, and sweeps wait for them. */
  readonly unused: number;
  readonly bytes: number;
  /** Mean response time of the slice, for the proportional gap. */
  readonly responseMs: number;
  readonly retryAfterMs: number | null;
  /** What answers asked for their own resources alone (`Retry-After` of a 503): one slows the host down, two pause it. */
  readonly overloadsMs?: readonly number[];
  /** Connection-level failures against answers of any kind; feeds the circuit breaker. */
  readonly deadCount: number;
  readonly aliveCount: number;
  /** The limits that the slice was taken by. */
  readonly limits?: HostLimits;
  readonly now: Date;
}

/** What one archival, or those of one URL together, cost their host. */
export interface FetchCost {
  readonly requests: number;
  /** Read from the wire. */
  readonly bytes: number;
  readonly ms: number;
  /** What was asked for the whole host (429). */
  readonly retryAfterMs: number | null;
  /** What was asked for this resource alone (503). */
  readonly overloadMs?: number | null;
  /** `unreachable`: no connection; `reachable`: any answer; `none`: no request was made. */
  readonly host: 'unreachable' | 'reachable' | 'none';
  /** It could not go on and gave its lease back: somebody has to come again. */
  readonly interrupted: boolean;
}
