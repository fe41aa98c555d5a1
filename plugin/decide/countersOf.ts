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
  for (const { code, lane, settled, stored, attempt } of records) {
    if (settled && code !== null) sums.add('archiver_archivals_total', 1, { code, lane });
    for (const bytes of stored) {
      sums.add('archiver_stored_copies_total', 1);
      sums.add('archiver_stored_bytes_total', bytes);
    }
    if (!attempt) continue;
    sums.add('archiver_requests_total', attempt.requests);
    sums.add('archiver_received_bytes_total', attempt.wireBytes);
    sums.observe('archiver_fetch_duration_seconds', attempt.ms / 1000);
    if (attempt.firstByteMs !== null) sums.observe('archiver_first_byte_seconds', attempt.firstByteMs / 1000);
  }
  return sums.all();
}

type HistogramName = 'archiver_fetch_duration_seconds' | 'archiver_first_byte_seconds';

class Sums {
  readonly #sums = new Map<string, { name: CounterName; labels: Readonly<Record<string, string>>; value: number }>();

  add(name: CounterName, value: number, labels: Readonly<Record<string, string>> = {}): void {
    const key = JSON.stringify([name, labels]);
    const sum = this.#sums.get(key);
    if (sum) sum.value += value;
    else this.#sums.set(key, { name, labels, value });
  }

  /** Buckets hold all that is at most their bound, as Prometheus wants them. */
  observe(name: HistogramName, seconds: number): void {
    for (const bound of [...DURATION_BUCKETS, Number.POSITIVE_INFINITY])
      this.add(`${name}_bucket`, seconds <= bound ? 1 : 0, {
        le: bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound),
      });
    this.add(`${name}_sum`, seconds);
    this.add(`${name}_count`, 1);
  }

  all(): readonly Counted[] {
    return [...this.#sums.values()].filter(({ value }) => value > 0);
  }
}
