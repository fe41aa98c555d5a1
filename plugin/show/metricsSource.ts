import type { JobQueue } from '../job/JobQueue.ts';
import type { Counted } from '../model/counter.ts';
import type { ArchiveTotals } from '../record/Histories.ts';
import type { Records } from '../record/Records.ts';
import type { Health } from './health.ts';

/** What metrics are read from. */
export interface MetricsSourceDeps {
  readonly records: Pick<Records, 'archivals' | 'histories' | 'leases' | 'mails' | 'outbox'>;
  readonly queue: Pick<JobQueue, 'counts'>;
  health(): Promise<Health>;
  /** The bearer token that reads them; null: the portal alone says who may. */
  readonly token: string | null;
  readonly version: string;
  now(): Date;
}

/** One measurement: what it is of, and its value now. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** What is told at one moment. */
export interface Measured {
  readonly counted: readonly Counted[];
  readonly gauges: readonly Gauge[];
}

const KEPT_MS = 10_000;
const TOTALS_KEPT_MS = 60_000;

/** What the archive measures of itself. Several who ask within seconds, or while it is read, share one reading. */
export class MetricsSource {
  readonly token: string | null;
  readonly #deps: MetricsSourceDeps;
  readonly #measured: Shared<Measured>;
  readonly #totals: Shared<ArchiveTotals>;

  constructor(deps: MetricsSourceDeps) {
    this.#deps = deps;
    this.token = deps.token;
    this.#measured = new Shared(() => this.#measure(), KEPT_MS, deps.now);
    this.#totals = new Shared(() => deps.records.histories.totals(), TOTALS_KEPT_MS, deps.now);
  }

  /** Throws `database-failed`: without the database nothing is known. */
  read(): Promise<Measured> {
    return this.#measured.get();
  }

  async #measure(): Promise<Measured> {
    const { records, queue, health, now } = this.#deps;
    const [counted, backlog, saves, pauses, totals, mail, people, jobs, { checks }] = await Promise.all([
      records.histories.counters(),
      records.archivals.backlog(now()),
      records.outbox.backlog(),
      records.leases.pauses(),
      this.#totals.get(),
      records.mails.state(),
      records.mails.counts(),
      queue.counts().catch(() => null),
      health(),
    ]);
    const jobValues = Object.entries(jobs ?? {}).map(([state, value]) => ({ labels: { state }, value }));
    const peopleValues = Object.entries(people).map(([state, value]) => ({ labels: { state }, value }));
    const up = Object.entries(checks).map(([check, { ok }]) => ({ labels: { check }, value: ok ? 1 : 0 }));
    const { lastSuccessAt } = backlog;
    return {
      counted,
      gauges: [
        gauge('archiver_due_resources', 'Resources that are due, counted to 100,000.', backlog.due),
        gauge('archiver_due_oldest_seconds', 'How long the oldest of them is due.', this.#age(backlog.oldestDueAt)),
        gauge('archiver_leased_resources', 'Resources that a worker works on.', backlog.leased),
        gauge('archiver_waiting_saves', 'Saves that hooks reported and no job was made of yet.', saves.count),
        gauge('archiver_waiting_saves_oldest_seconds', 'How long the oldest waits.', this.#age(saves.oldestAt)),
        { name: 'archiver_queue_jobs', help: 'Jobs in the queue.', values: jobValues },
        gauge('archiver_paused_workers', 'Workers whose bulk lane pauses.', pauses.length),
        gauge('archiver_hosts_paused', 'Hosts that are left alone because they asked for it.', totals.hostsPaused),
        gauge('archiver_hosts_unreachable', 'Hosts whose circuit breaker is open.', totals.hostsDead),
        gauge(
          'archiver_mail_outage_seconds',
          'For how long the mail server takes no mail.',
          this.#age(mail?.failingSince ?? null),
        ),
        { name: 'archiver_mail_people', help: 'Maintainers who got mail, by how they stand.', values: peopleValues },
        gauge('archiver_copies', 'Copies that are kept.', totals.copies),
        gauge('archiver_copies_bytes', 'Bytes of these copies.', totals.bytes),
        gauge('archiver_last_end_timestamp_seconds', 'When an archival ended last.', secondsOf(lastSuccessAt)),
        { name: 'archiver_up', help: '1: the check of /health/ready is well.', values: up },
        {
          name: 'archiver_build_info',
          help: 'The version that answers.',
          values: [{ labels: { version: this.#deps.version }, value: 1 }],
        },
      ],
    };
  }

  #age(since: Date | null): number {
    return since === null ? 0 : Math.max(0, (this.#deps.now().getTime() - since.getTime()) / 1000);
  }
}

/** Reads again when what was read is older than `keptMs`; a reading that failed is not kept. */
class Shared<Value> {
  readonly #read: () => Promise<Value>;
  readonly #keptMs: number;
  readonly #now: () => Date;
  #until = 0;
  #value: Promise<Value> | null = null;

  constructor(read: () => Promise<Value>, keptMs: number, now: () => Date) {
    this.#read = read;
    this.#keptMs = keptMs;
    this.#now = now;
  }

  get(): Promise<Value> {
    const at = this.#now().getTime();
    if (this.#value !== null && at < this.#until) return this.#value;
    this.#until = at + this.#keptMs;
    const value = this.#read();
    this.#value = value;
    value.catch(() => {
      if (this.#value === value) this.#value = null;
    });
    return value;
  }
}

const gauge = (name: string, help: string, value: number): Gauge => ({ name, help, values: [{ value }] });
const secondsOf = (moment: Date | null): number => (moment === null ? 0 : moment.getTime() / 1000);
