import { type Counted, type CounterName, DURATION_BUCKETS } from '../model/counter.ts';
import type { AttemptNote } from '../model/history.ts';
import type { Code } from '../model/status.ts';

/** What one record means for the metrics. */
export interface Countable {
  readonly code: Code | null;
  readonly lane: string;
  /** false: a retry follows; the archival has not ended. */
  readonly settled: boolean;
  /** Bytes of the copies that are recorded with it. */
  readonly stored: readonly number[];
  /** null: nobody was asked. */
  readonly attempt: Pick<AttemptNote, 'requests' | 'wireBytes' | 'ms' | 'firstByteMs'> | null;
}

/** By how much a group of records makes each counter grow. Pure. */
export function countersOf(records: readonly Countable[]): readonly Counted[] {
  const sums = new Sums();
  const fetches = new Histogram();
  const firstBytes = new Histogram();
  for (const { code, lane, settled, stored, attempt } of records) {
    if (settled && code !== null) sums.add('archiver_archivals_total', 1, { code, lane });
    for (const bytes of stored) {
      sums.add('archiver_stored_copies_total', 1);
      sums.add('archiver_stored_bytes_total', bytes);
    }
    if (!attempt) continue;
    sums.add('archiver_requests_total', attempt.requests);
    sums.add('archiver_received_bytes_total', attempt.wireBytes);
    fetches.observe(attempt.ms / 1000);
    if (attempt.firstByteMs !== null) firstBytes.observe(attempt.firstByteMs / 1000);
  }
  fetches.addTo(sums, 'archiver_fetch_duration_seconds');
  firstBytes.addTo(sums, 'archiver_first_byte_seconds');
  return sums.all();
}

type HistogramName = 'archiver_fetch_duration_seconds' | 'archiver_first_byte_seconds';

/** What is observed is counted by the smallest bucket that holds it; only the sums of a group become counters. */
class Histogram {
  readonly #counts = BOUNDS.map(() => 0);
  #seconds = 0;

  observe(seconds: number): void {
    const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#seconds += seconds;
  }

  /** Buckets hold all that is at most their bound, as Prometheus wants them. */
  addTo(sums: Sums, name: HistogramName): void {
    let count = 0;
    for (const [bucket, bound] of BOUNDS.entries()) {
      count += this.#counts[bucket] ?? 0;
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
      sums.add(`${name}_bucket`, count, { le });
    }
    sums.add(`${name}_sum`, this.#seconds);
    sums.add(`${name}_count`, count);
  }
}

const BOUNDS: readonly number[] = [...DURATION_BUCKETS, Number.POSITIVE_INFINITY];

class Sums {
  readonly #sums = new Map<string, { name: CounterName; labels: Readonly<Record<string, string>>; value: number }>();

  add(name: CounterName, value: number, labels: Readonly<Record<string, string>> = NO_LABELS): void {
    const key = labels === NO_LABELS ? name : JSON.stringify([name, labels]);
    const sum = this.#sums.get(key);
    if (sum) sum.value += value;
    else this.#sums.set(key, { name, labels, value });
  }

  all(): readonly Counted[] {
    return [...this.#sums.values()].filter(({ value }) => value > 0);
  }
}

const NO_LABELS: Readonly<Record<string, string>> = {};
