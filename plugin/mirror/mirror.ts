import { setTimeout as wait } from 'node:timers/promises';
import { runProgress } from '../decide/runProgress.ts';
import { ArchiverError } from '../errors.ts';
import type { Run } from '../model/run.ts';
import { checkToken } from '../portal/ckan/identifyPortal.ts';
import { sendTaskStatus } from '../portal/ckan/sendTaskStatus.ts';
import { synchronise } from '../portal/ckan/synchronise.ts';
import { writeBack } from '../portal/ckan/writeBack.ts';
import type { AttemptTotals } from '../work/attemptTally.ts';
import { DatasetDocuments } from './datasetDocuments.ts';
import { writeIndex } from './indexFile.ts';
import type { MirrorOptions, MirrorResult, MirrorSummary, MirrorSurroundings } from './MirrorOptions.ts';
import type { OpenMirror } from './openMirror.ts';

const POLL_MS = 200;
const SLOW_POLL_MS = 1000;
const RUNS_LISTED = 50;

interface Totals extends AttemptTotals {
  readonly apiRequests: number;
}

/**
 * A CKAN portal mirrored by the ordinary parts: its catalogue is brought up to date, a sweep finds what is missing,
 * changed or due, the host batches archive it, and a run ends when all of that is settled.
 */
export class Mirror {
  readonly #mirror: OpenMirror;
  readonly #options: MirrorOptions;
  readonly #surroundings: MirrorSurroundings;
  readonly #documents: DatasetDocuments;
  #runs = 0;

  constructor(mirror: OpenMirror, options: MirrorOptions, surroundings: MirrorSurroundings) {
    this.#mirror = mirror;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#documents = new DatasetDocuments(options.folder);
  }

  /**
   * One run to its end. A portal that cannot be read is a problem, not an error: what is known of it is archived all the
   * same. Throws `ArchiverError('stopped')` when the signal ends it; what was done stays done.
   */
  async run(): Promise<MirrorResult> {
    const startedAt = performance.now();
    // Finding the portal and checking the token belong to the first run.
    const before = this.#runs === 0 ? { ...this.#totals(), apiRequests: 0 } : this.#totals();
    try {
      // The first time it has just been checked.
      if (this.#runs++ > 0 && this.#options.token !== null) await checkToken(this.#mirror.remote.client);
      const unread = await this.#synchronise();
      await this.#archive();
      const problem = (await this.#writeBack()) ?? unread;
      await this.#writeIndex();
      return { problem, summary: await this.#summary(before, performance.now() - startedAt) };
    } catch (error) {
      if (!this.#surroundings.signal.aborted) throw error;
      await this.#settle();
      await this.#writeIndex();
      throw new ArchiverError('stopped', 'The mirror was stopped.', { cause: error });
    }
  }

  /** What was answered is recorded before workers stop; then nobody changes the records that the index is read from. */
  async #settle(): Promise<void> {
    const { archiver } = this.#mirror;
    await archiver.stop();
    await archiver.start({ roles: ['web'] });
  }

  /** Answers why the portal was not read to its end; null: it was. */
  async #synchronise(): Promise<string | null> {
    const { remote, tables, archiver, config } = this.#mirror;
    const { progress, signal, logger } = this.#surroundings;
    const { client, site } = remote;
    try {
      const { isComplete } = await synchronise({
        client,
        tables,
        filters: this.#options.filters,
        // Every reader of the public copies could read theirs.
        includePrivate: !client.isAnonymous && config.publicCopiesUrl === null,
        keepDocument: (dataset) => this.#documents.keep(dataset),
        afterResourceDelete: archiver.hooks.afterResourceDelete,
        afterDatasetDelete: archiver.hooks.afterDatasetDelete,
        progress: (read, count) => progress({ kind: 'listing', read, count }),
        signal,
        logger,
      });
      return isComplete ? null : `The portal ${site} lists fewer datasets than it says that it has.`;
    } catch (error) {
      if (signal.aborted || !(error instanceof ArchiverError) || error.code !== 'portal-failed') throw error;
      return error.message;
    }
  }

  /** Sweeps, and waits until what every sweep found, and every deletion, is settled. */
  async #archive(): Promise<void> {
    const { signal } = this.#surroundings;
    const { archive } = this.#mirror.archiver;
    // Another one holds the lease: that of a process which died gives it up in a minute.
    while ((await archive.sweep({ dryRun: false })).runId === null) await wait(SLOW_POLL_MS, undefined, { signal });
    while (await this.#hasOpenRuns()) await wait(POLL_MS, undefined, { signal });
    while ((await archive.overview()).saves.count > 0) await wait(SLOW_POLL_MS, undefined, { signal });
  }

  /** Answers why the portal could not be written to; null: it was, or was not to be. */
  async #writeBack(): Promise<string | null> {
    const { remote, tables, writeBacks, archiver, config } = this.#mirror;
    const { progress, signal, logger, now = () => new Date() } = this.#surroundings;
    const { publicCopiesUrl: base, writeBackFields: fields } = config;
    if (!this.#options.writeBack || base === null) return null;
    const { client, user } = remote;
    const common = { client, table: writeBacks, logger, now };
    try {
      const told = (written: number) => progress({ kind: 'writing-back', written });
      const { written, refused } = await writeBack({ ...common, base, fields, signal, progress: told });
      logger.info({ written, refused }, 'the portal was written back to');
      const ends = (ids: readonly string[]) => archiver.archive.status(ids);
      if (user?.isSysadmin) await sendTaskStatus({ ...common, tables, ends });
      return null;
    } catch (error) {
      if (signal.aborted || !(error instanceof ArchiverError) || error.code !== 'portal-failed') throw error;
      return error.message;
    }
  }

  async #hasOpenRuns(): Promise<boolean> {
    const runs = await this.#mirror.archiver.archive.runs.list(RUNS_LISTED);
    const open = runs.filter(({ state }) => state !== 'done' && state !== 'cancelled');
    const [newest] = open;
    if (newest) this.#report(newest, open);
    return open.length > 0;
  }

  #report(newest: Run, runs: readonly Run[]): void {
    const { progress, now = () => new Date() } = this.#surroundings;
    const done = runs.reduce((sum, run) => sum + run.done, 0);
    const total = runs.reduce<number | null>(
      (sum, run) => (sum === null || run.total === null ? null : sum + run.total),
      0,
    );
    progress({ kind: 'archiving', done, total, ...runProgress({ ...newest, done, total }, now()) });
  }

  #writeIndex(): Promise<void> {
    const { tables, archiver } = this.#mirror;
    return writeIndex(this.#options.folder, tables, archiver.archive);
  }

  #totals(): Totals {
    return { ...this.#mirror.archiver.archive.totals(), apiRequests: this.#mirror.apiRequests() };
  }

  async #summary(before: Totals, ms: number): Promise<MirrorSummary> {
    const { remote, tables, archiver } = this.#mirror;
    const { requests, copies, bytes, apiRequests } = this.#totals();
    const { counts: counted } = await archiver.archive.overview();
    const counts: Record<string, number> = {};
    for (const { code, count } of counted) if (code !== null) counts[code] = (counts[code] ?? 0) + count;
    return {
      site: remote.site,
      version: remote.version,
      ...(await tables.count()),
      counts,
      copies: copies - before.copies,
      bytes: bytes - before.bytes,
      requests: requests - before.requests,
      apiRequests: apiRequests - before.apiRequests,
      seconds: Math.round(ms / 100) / 10,
    };
  }
}
