export interface HostLimits {
  readonly requestsPerSecond: number;
  readonly burst: number;
  readonly concurrency: number;
  /** 0 or null: no limit. */
  readonly bytesPerDay: number | null;
  /** UTC hours in which nothing is asked, e.g. `[8, 18]` from 8:00 to 18:00; may wrap midnight. */
  readonly quietHours: readonly [number, number] | null;
  /** Pause after each answer as a multiple of its response time. */
  readonly gapFactor: number;
}

export interface HostSlice {
  /** Requests that may be sent now; 0 when the host must be left alone until `retryAt`. */
  readonly granted: number;
  /** Requests that may be under way at once; more than 0 when `granted` is. */
  readonly slots: number;
  readonly retryAt: Date | null;
  readonly why: 'free' | 'rate' | 'concurrency' | 'bytes' | 'quiet' | 'retry-after' | 'circuit';
}

/** Per-host politeness shared by all workers, surviving restarts. */
export interface HostTable {
  /** Takes up to `want` tokens and as many concurrency slots; slots expire with `leaseMs` when their owner dies. */
  takeSlice(
    host: string,
    by: {
      /** Of this slice alone. */
      readonly owner: string;
      readonly want: number;
      readonly limits: HostLimits;
      readonly leaseMs: number;
      readonly now: Date;
      /** A person waits: the rate and the breaker do not hold it up, but what it asks counts, so that sweeps wait longer. */
      readonly urgent?: boolean;
    },
  ): Promise<HostSlice>;
  /** Keeps so many of them, at most as many as were taken, for another `leaseMs`. */
  keepSlots(
    host: string,
    by: { readonly owner: string; readonly slots: number; readonly leaseMs: number },
  ): Promise<void>;
  /** Gives slots back and reports how the host behaved. */
  giveBack(host: string, report: HostReport): Promise<void>;
  /** How the host stands; null when it was never asked and nobody set limits for it. */
  get(host: string): Promise<HostStanding | null>;
  /** First those that are left alone for now, then those with limits of their own, then by name. */
  list(limit: number): Promise<readonly HostStanding[]>;
  /** An administrator's row, which beats the settings; null: the settings hold. It counts from the next slice on. */
  setOverride(host: string, limits: Partial<HostLimits> | null): Promise<void>;
}

/** What is remembered of a host, for an administrator. */
export interface HostStanding {
  readonly host: string;
  /** Limits that an administrator set; what is not among them is as the settings say. */
  readonly override: Partial<HostLimits> | null;
  /** The host asked for a pause (`Retry-After`), or answers so slowly that it gets one. */
  readonly pausedUntil: Date | null;
  /** No connection could be made for a while: nothing is asked before, then one probe. */
  readonly deadUntil: Date | null;
  /** Connections in a row that failed. */
  readonly deadCount: number;
  readonly bytesToday: number;
}

export interface HostReport {
  readonly owner: string;
  readonly slots: number;
  /** Tokens taken but not used; below 0: people's requests took more, and sweeps wait for them. */
  readonly unused: number;
  readonly bytes: number;
  /** Mean response time of the slice, for the proportional gap. */
  readonly responseMs: number;
  readonly retryAfterMs: number | null;
  /** Connection-level failures against answers of any kind; feeds the circuit breaker. */
  readonly deadCount: number;
  readonly aliveCount: number;
  /** The limits that the slice was taken by. */
  readonly limits?: HostLimits;
  readonly now: Date;
}
