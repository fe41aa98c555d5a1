/** What all workers count in the database, for metrics. A histogram is its buckets, its sum and its count. */
export const COUNTERS = [
  'archiver_archivals_total',
  'archiver_requests_total',
  'archiver_received_bytes_total',
  'archiver_stored_copies_total',
  'archiver_stored_bytes_total',
  'archiver_fetch_duration_seconds_bucket',
  'archiver_fetch_duration_seconds_sum',
  'archiver_fetch_duration_seconds_count',
  'archiver_first_byte_seconds_bucket',
  'archiver_first_byte_seconds_sum',
  'archiver_first_byte_seconds_count',
  'archiver_mails_total',
] as const;

/** One of {@link COUNTERS}. */
export type CounterName = (typeof COUNTERS)[number];

/** How much a counter with these labels is to grow, or has grown in all. */
export interface Counted {
  readonly name: CounterName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Upper bounds of the buckets, in seconds; the last is `+Inf`. */
export const DURATION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800] as const;
