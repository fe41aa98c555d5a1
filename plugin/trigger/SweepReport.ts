/** What a sweep found, or in a dry run would find. */
export interface SweepReport {
  readonly missing: number;
  readonly changed: number;
  readonly due: number;
  readonly hosts: number;
  /** The run that the sweep became; null for a dry run, and when another process sweeps already. */
  readonly runId: string | null;
  /** What asking for all that is due would read, by the sizes known; null in a real sweep. */
  readonly bytes: number | null;
  /** The cost of asking for everything, whether it is due or not; null in a real sweep. */
  readonly fullRequests: number | null;
  readonly fullBytes: number | null;
  readonly fullHosts: number | null;
}
