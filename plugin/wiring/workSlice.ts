import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { WorkOptions, WorkReport } from '../Archiver.ts';
import type { HostDatabase } from '../portal/HostDatabase.ts';
import type { DatabaseClock } from '../record/database/databaseClock.ts';
import type { Listen } from '../record/database/listen.ts';
import type { Records } from '../record/Records.ts';
import { SlicedJobs } from '../work/slicedJobs.ts';
import { createQueue } from './openQueue.ts';
import { openWorker } from './openWorker.ts';
import { Scope } from './scope.ts';
import { StartWaits } from './startWaits.ts';
import type { WorkerDeps } from './WorkerDeps.ts';

const LOOK_MS = 250;
/** Something is due, but nobody begins: its host is busy, or pauses. */
const QUIET_MS = 10_000;
/** Of the slice: what is given back must be written, and connections close. */
const CLOSING_MS = 5000;
const HOSTS = 10_000;

/** What a slice works with: all that a worker has but the queue, of which it opens a connection of its own. */
export type SliceDeps = WorkerDeps & {
  readonly knex: HostDatabase;
  readonly listen: Listen;
  readonly clock: DatabaseClock;
};

/**
 * One slice of work: opens a worker, lets it begin jobs for half of the time or until nothing is due, lets what has begun
 * end in the other half, and closes it. No file may take longer than that half, so that each can be settled in some slice.
 */
export async function workSlice(deps: SliceDeps, { ms, signal }: WorkOptions): Promise<WorkReport> {
  const { config, records, portal, knex, listen, clock, now } = deps;
  const { logger } = portal;
  const closingMs = Math.min(CLOSING_MS, ms / 5);
  const startedMs = performance.now();
  const leftMs = () => ms - (performance.now() - startedMs);
  const closing = new AbortController();
  // Every slice of a host that waits for a place listens to it.
  setMaxListeners(0, closing.signal);
  const scope = new Scope(logger);
  try {
    const queue = await createQueue(config, { knex, listen, now: () => clock.now(), logger });
    const jobs: SlicedJobs[] = [];
    const totalTimeoutMs = Math.min(config.totalTimeoutMs, Math.max(1, ms / 2 - closingMs));
    const waits = new StartWaits({ signal, logger });
    await openWorker(
      { scope, waits },
      {
        ...deps,
        queue,
        // Its jobs stay with what they began: a slice is over when none of them runs.
        config: { ...config, totalTimeoutMs, slowAfterMs: Math.max(config.slowAfterMs, ms) },
        wrapJobs(handlers) {
          const sliced = new SlicedJobs(handlers, closing.signal, () => performance.now());
          jobs.push(sliced);
          return sliced;
        },
      },
    );
    const hosts = await records.archivals.dueHosts(now(), HOSTS);
    await queue.add(hosts.map(({ host }) => ({ kind: 'host', host })));
    const quietMs = Math.min(QUIET_MS, ms / 4);
    const isQuiet = () => jobs.every((one) => one.quietMs > quietMs);
    const isIdle = () => jobs.every(({ running }) => running === 0);
    while (!signal.aborted && leftMs() > ms / 2 && !isQuiet()) {
      if (isIdle() && !(await isAnythingDue(records, now()))) break;
      await pause(signal);
    }
    closing.abort();
    while (!signal.aborted && leftMs() > closingMs && !isIdle()) await pause(signal);
  } finally {
    await scope.close(Math.min(closingMs, config.stopDeadlineMs));
  }
  const { due } = await records.archivals.backlog(now());
  return { due, more: due > 0 };
}

/** Also what a save reported a moment ago, and no job was made of yet. */
async function isAnythingDue({ archivals, outbox }: Records, now: Date): Promise<boolean> {
  const [{ due }, saves] = await Promise.all([archivals.backlog(now), outbox.backlog()]);
  return due > 0 || saves.count > 0;
}

const pause = (signal: AbortSignal): Promise<void> => wait(LOOK_MS, undefined, { signal }).catch(() => undefined);
