import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import createKnex, { type Knex } from 'knex';
import type { Archiver } from '../plugin/Archiver.ts';
import { createArchiver } from '../plugin/plugin.ts';
import { nodeOptions } from './options.ts';
import { testPortal } from './portal.ts';

let databases = 0;

/** An empty database, on a server where we may make one. */
export interface BenchDatabase {
  readonly knex: Knex;
  readonly url: string;
}

/** A database of its own for `work`, dropped after it. */
export async function withDatabase<Result>(
  adminUrl: string,
  work: (database: BenchDatabase) => Promise<Result>,
): Promise<Result> {
  const name = `bench_${++databases}`;
  const admin = createKnex({ client: 'pg', connection: adminUrl });
  await admin.raw(`create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const knex = createKnex({ client: 'pg', connection: url.href, pool: { min: 0, max: 20 } });
  try {
    return await work({ knex, url: url.href });
  } finally {
    await knex.destroy();
    await admin.raw(`drop database ${name} with (force)`);
    await admin.destroy();
  }
}

/** Worker processes, and an archiver in this process that asks them. */
export interface Working {
  readonly archiver: Archiver;
  readonly workers: readonly ChildProcess[];
}

/** So many worker processes with these settings, for as long as `work` lasts. */
export async function withWorkers<Result>(
  { knex, url }: BenchDatabase,
  { settings, count }: { readonly settings: Readonly<Record<string, unknown>>; readonly count: number },
  work: (working: Working) => Promise<Result>,
): Promise<Result> {
  const all = { databaseUrl: url, sweepCron: '', allowNetworks: '127.0.0.0/8', ...settings };
  const archiver = createArchiver({ environment: {} });
  archiver.register(testPortal({ knex, settings: all }));
  await archiver.start({ roles: ['web'] });
  const workers = Array.from({ length: count }, () => startWorker(url, all));
  try {
    await Promise.all(workers.map((worker) => once(worker.stdout ?? worker, 'data')));
    return await work({ archiver, workers });
  } finally {
    await Promise.all(workers.map(endOf));
    await archiver.stop();
  }
}

function startWorker(databaseUrl: string, settings: object): ChildProcess {
  const entry = new URL('./worker.js', import.meta.url).pathname;
  return spawn(process.execPath, [...nodeOptions, entry, databaseUrl, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function endOf(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = once(worker, 'exit');
  worker.stdin?.end();
  await ended;
}

/** Until no job is left: one that comes a moment late would take what falls due next, before the sweep that is measured. */
export async function untilQuiet({ knex }: BenchDatabase): Promise<void> {
  for (let jobs = 1; jobs > 0; ) {
    await wait(LOOK_MS);
    const [row] = await knex('archiver.archiver_jobs').whereNotNull('next_run_at').orWhereNotNull('locked_at').count();
    jobs = Number(row?.['count']);
  }
}

const LONGEST_MS = 600_000;
const LOOK_MS = 50;

/** Milliseconds from a sweep over all that is due to the last record. Throws where it comes to anything but these counts. */
export async function timeOfSweep(archiver: Archiver, counts: Readonly<Record<string, number>>): Promise<number> {
  const started = performance.now();
  const { runId } = await archiver.archive.sweep({ dryRun: false });
  for (;;) {
    const run = await archiver.archive.runs.get(runId ?? '');
    const ms = performance.now() - started;
    if (run?.state === 'done' && isDeepStrictEqual(run.counts, counts)) return ms;
    if (run?.state === 'done' || ms > LONGEST_MS) throw new Error(`The sweep came to ${JSON.stringify(run)}.`);
    await wait(LOOK_MS);
  }
}
