import type { HostLimits, HostReport, HostSite, HostSlice, HostWait } from '../model/host.ts';
import type { PlaceHolder } from '../model/laneState.ts';

/** Per-host politeness shared by all workers, surviving restarts. */
export interface Hosts {
  /**
   * Takes up to `requested` tokens and as many concurrency slots; slots expire with `leaseMs` when their owner dies. Who is
   * refused because others of its address or domain have all places waits in a line that `releaseSlots` and `slowSlots` read.
   */
  takeSlice(host: string, by: Omit<SliceAsk, 'host'>): Promise<HostSlice>;
  /** The same for several hosts in one transaction; answers in their order, and what one is given counts for those after it. */
  takeSlices(asks: readonly SliceAsk[]): Promise<readonly HostSlice[]>;
  /** Keeps so many of them, at most as many as were taken, for another `leaseMs`. */
  renewSlots(
    host: string,
    by: { readonly owner: string; readonly slots: number; readonly leaseMs: number },
  ): Promise<void>;
  /** What holds the slots has become slow. Answers as `releaseSlots` does. */
  slowSlots(host: string, by: HeldSlots): Promise<readonly HostWait[]>;
  /** The host was connected to at another address than the slots count for; null: they count for none. */
  moveSlots(host: string, by: { readonly owner: string; readonly address: string | null }): Promise<void>;
  /**
   * Gives slots back and reports how the host behaved. Answers whose turn it is now: hosts of the same address or domain
   * that found no place, interactive requests first, as many as there were slots; they wait in the line no longer.
   */
  releaseSlots(host: string, report: Omit<SliceReport, 'host'>): Promise<readonly HostWait[]>;
  /** The same for several slices in one transaction. */
  releaseAll(reports: readonly SliceReport[]): Promise<readonly HostWait[]>;
  /** Which of them are not to be asked now: a pause, a closed circuit, quiet hours, the bytes of the day. */
  leftAlone(
    hosts: readonly string[],
    by: { limitsFor(host: string): HostLimits; readonly now: Date; readonly urgent: boolean },
  ): Promise<ReadonlySet<string>>;
  /** Who has slots, the one with most of them first. */
  holders(limit: number): Promise<readonly PlaceHolder[]>;
  /** How the host stands; null when it was never asked and nobody set limits for it. */
  get(host: string): Promise<HostStatus | null>;
  /** First those that are left alone for now, then those with limits of their own, then by name. */
  list(limit: number): Promise<readonly HostStatus[]>;
  /** An administrator's row, which beats the settings; null: the settings hold. It counts from the next slice on. */
  setLimits(host: string, limits: Partial<HostLimits> | null): Promise<void>;
}

/** Who asks for a slice of a host's budget. */
export interface SliceAsk {
  readonly host: string;
  /** Of this slice alone. */
  readonly owner: string;
  readonly requested: number;
  readonly limits: HostLimits;
  readonly leaseMs: number;
  readonly now: Date;
  /** An interactive request: neither the rate nor the breaker holds it up, but it counts, so that sweeps wait longer. */
  readonly urgent?: boolean;
  /** A link leads here from another host: also interactive requests wait once they owe a burst of its rate. */
  readonly onTheWay?: boolean;
  /** While others wait for a place: of a bucket that does not hold a whole slice no more than its rate brings in this time. */
  readonly shareMs?: number | undefined;
  /** What it shares with other hosts; left out: the host alone counts. */
  readonly site?: HostSite;
}

/** What a slice came to. */
export interface SliceReport extends HostReport {
  readonly host: string;
  readonly site?: HostSite;
}

/** Slots as they were taken. */
export interface HeldSlots {
  readonly owner: string;
  readonly slots: number;
  readonly site?: HostSite;
}

/** What is remembered of a host, for an administrator. */
export interface HostStatus {
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
