import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import createKnex, { type Knex } from 'knex';
import type { Archiver } from '../plugin/Archiver.ts';
import { Agents } from '../plugin/fetch/connect/agents.ts';
import { Fetcher } from '../plugin/fetch/fetcher.ts';
import { createArchiver } from '../plugin/plugin.ts';
import { createRecords } from '../plugin/record/openRecords.ts';
import { loadConfig } from '../plugin/settings/loadConfig.ts';
import { Sweep } from '../plugin/trigger/sweep.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { SILENT } from '../test/support/testPortal.ts';
import { testPortal, UNLIMITED } from './portal.ts';
import { median, printRows, type Row } from './rows.ts';
import { endOf, startWorker, withPublisher } from './sweepProcesses.ts';
import { type Filling, fillArchive } from './sweepTables.ts';

// Sweeps: `npm run bench:sweep [-- --json] [--quick]`.
const quick = process.argv.includes('--quick');
const asJson = process.argv.includes('--json');
const rounds = quick ? 2 : 3;
/** `--only=workers` and the like: one part, while working on it. */
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7) ?? '';
const SIZES = quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000];
const QUERIES = quick ? 30 : 100;
const SLOW = { delayMs: 200, hosts: 250, resources: quick ? 500 : 2000 };
const RECHECKS = quick ? 5000 : 20_000;
const LONGEST_MS = 600_000;
const DECISIONS = quick ? 50_000 : 200_000;

const scratch = mkdtempSync(join(tmpdir(), 'archiver-bench-'));
const say = (line: string) => process.stderr.write(`${line}\n`);
let databases = 0;

interface Filled {
  readonly knex: Knex;
  readonly url: string;
}

async function withArchive<Result>(
  adminUrl: string,
  filling: Filling,
  work: (filled: Filled) => Promise<Result>,
): Promise<Result> {
  const name = `bench_${++databases}`;
  const admin = createKnex({ client: 'pg', connection: adminUrl });
  await admin.raw(`create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const knex = createKnex({ client: 'pg', connection: url.href, pool: { min: 0, max: 20 } });
  try {
    await fillArchive(knex, filling);
    return await work({ knex, url: url.href });
  } finally {
    await knex.destroy();
    await admin.raw(`drop database ${name} with (force)`);
    await admin.destroy();
  }
}

/** What a scheduler asks the database, and what planning a sweep over the whole catalogue takes. */
function planning(adminUrl: string, count: number): Promise<Row[]> {
  const filling = { count, hosts: Math.max(200, count / 500), dueShare: 0.01, port: 80, freshSeconds: 0 };
  return withArchive(adminUrl, filling, async ({ knex }) => {
    const portal = testPortal({ knex });
    const records = createRecords({ knex, schema: 'archiver', writeBack: async () => undefined, ownsKnex: false });
    const queue = { add: async () => undefined };
    const { catalog } = portal;
    const now = () => new Date();
    const sweep = new Sweep({
      catalog,
      records,
      queue,
      now,
      runsKeptMs: 90 * 86_400_000,
      owner: 'bench',
      logger: SILENT,
    });
    const due = await timesOf(QUERIES, () => records.archivals.dueHosts(now(), 10_000));
    const backlog = await timesOf(QUERIES, () => records.archivals.backlog(now()));
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 20);
    const plans = await timesOf(rounds, () => sweep.plan());
    const sweeps = await timesOf(rounds, () => sweep.run());
    clearInterval(watch);
    say(`${count} resources: due query p99 ${Math.round(at(due, 0.99))} ms, plan ${Math.round(at(plans, 0.5))} ms`);
    const work = (what: string) => `${count} resources: ${what}`;
    return [
      alone(work('due query, p50'), 'ms', at(due, 0.5), 50, 'less', QUERIES),
      alone(work('due query, p99'), 'ms', at(due, 0.99), 50, 'less', QUERIES),
      alone(work('backlog for health, p99'), 'ms', at(backlog, 0.99), 50, 'less', QUERIES),
      alone(work('dry run'), 's', at(plans, 0.5) / 1000, 60, 'less', rounds),
      alone(work('sweep, searched and enqueued'), 's', at(sweeps, 0.5) / 1000, 60, 'less', rounds),
      alone(work('memory added by planning'), 'MB', (peak - before) / 1e6, 100, 'less', rounds),
    ];
  });
}

/** Seconds from a sweep to the last record, with so many worker processes on one queue. */
function latencyBound(adminUrl: string, port: number, workers: number): Promise<number> {
  const filling = { count: SLOW.resources, hosts: SLOW.hosts, dueShare: 1, port, freshSeconds: 0 };
  return swept(adminUrl, filling, { hostConcurrency: 2, concurrency: 8 }, workers, 'not-modified');
}

async function swept(
  adminUrl: string,
  filling: Filling,
  settings: Readonly<Record<string, unknown>>,
  workers: number,
  code: 'not-modified' | 'still-fresh',
): Promise<number> {
  return withArchive(adminUrl, filling, async ({ knex, url }) => {
    const folder = mkdtempSync(join(scratch, 'store-'));
    const all = { ...UNLIMITED, folder, databaseUrl: url, sweepCron: '', allowNetworks: '127.0.0.0/8', ...settings };
    const archiver = createArchiver({ environment: {} });
    archiver.register(testPortal({ knex, settings: all }));
    await archiver.start({ roles: ['web'] });
    const children = Array.from({ length: workers }, () => startWorker(url, all));
    await Promise.all(children.map((child) => once(child.stdout ?? child, 'data')));
    try {
      // The first sweep starts threads and connections.
      await timeOfSweep(archiver, { [code]: filling.count });
      await knex.raw('update archiver.archival set next_check_at = now()');
      await knex.raw('vacuum analyze archiver.archival');
      return await timeOfSweep(archiver, { [code]: filling.count });
    } finally {
      await Promise.all(children.map(endOf));
      await archiver.stop();
    }
  });
}

/** In seconds. */
async function timeOfSweep(archiver: Archiver, counts: Readonly<Record<string, number>>): Promise<number> {
  const started = performance.now();
  const { runId } = await archiver.archive.sweep({ dryRun: false });
  for (;;) {
    const run = await archiver.archive.runs.get(runId ?? '');
    if (run?.state === 'done') {
      if (!isDeepStrictEqual(run.counts, counts))
        throw new Error(`The sweep ended with ${JSON.stringify(run.counts)}.`);
      return (performance.now() - started) / 1000;
    }
    if (performance.now() - started > LONGEST_MS) throw new Error(`The sweep came to ${JSON.stringify(run)}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The decision alone, that a copy is fresh: no request, no record. */
async function freshDecisions(): Promise<number> {
  const config = loadConfig({ environment: {} });
  const fetcher = new Fetcher(config, { agents: new Agents(config) });
  const now = Date.now();
  const url = 'https://data.example/1.csv';
  const known = {
    url,
    storedAt: new Date(now).toISOString(),
    status: 200,
    headers: { etag: '"1"', date: new Date(now).toUTCString(), 'cache-control': 'max-age=86400' },
    bytes: 20,
    md5: '0'.repeat(32),
    sha256: '0'.repeat(64),
    ok: true,
  };
  const keyPrefix = 'archive/20260102T030405Z/r1';
  const request = { url, mode: 'sweep', known, declaredFormat: null, resourceName: null, now, keyPrefix } as const;
  const { signal } = new AbortController();
  const started = performance.now();
  for (let index = 0; index < DECISIONS; index++) {
    const { code } = await fetcher.fetch(request, null, signal);
    if (code !== 'still-fresh') throw new Error(`The decision was ${code}.`);
  }
  const ms = performance.now() - started;
  await fetcher.close();
  return (DECISIONS / ms) * 1000;
}

async function main(): Promise<void> {
  const postgres = await startPostgres();
  try {
    const rows: Row[] = [];
    if (isWanted('planning')) for (const count of SIZES) rows.push(...(await planning(postgres.url, count)));
    if (isWanted('workers')) rows.push(await compareWorkers(postgres.url));
    const decisions: number[] = [];
    for (let round = 0; round < rounds; round++) decisions.push(await freshDecisions());
    rows.push(alone('decisions that a copy is fresh', 'decisions/s', median(decisions), 20_000, 'more', rounds));
    if (isWanted('rechecks')) rows.push(...(await recheckRates(postgres.url)));
    printRows(rows, asJson);
  } finally {
    await postgres.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

const isWanted = (part: string): boolean => only === '' || only === part;

function compareWorkers(adminUrl: string): Promise<Row> {
  return withPublisher(SLOW.delayMs, SLOW.hosts, async (port) => {
    const times = { one: [] as number[], four: [] as number[] };
    for (let round = 1; round <= rounds; round++) {
      times.one.push(await latencyBound(adminUrl, port, 1));
      times.four.push(await latencyBound(adminUrl, port, 4));
      say(`round ${round}: one worker ${times.one.at(-1)?.toFixed(1)} s, four ${times.four.at(-1)?.toFixed(1)} s`);
    }
    const [four, one] = [times.four, times.one].map((values) => SLOW.resources / median(values)) as [number, number];
    const work = `${SLOW.resources} rechecks that take ${SLOW.delayMs} ms each, four workers`;
    const ratio = four / one;
    return { ...alone(work, 'rechecks/s', four, 3.5, 'more', rounds), peer: one, peerName: 'one worker', ratio };
  });
}

/** From due to recorded, in one process. */
function recheckRates(adminUrl: string): Promise<Row[]> {
  return withPublisher(0, 200, async (port) => {
    const rates = { unmodified: [] as number[], fresh: [] as number[] };
    const filling = { count: RECHECKS, hosts: 200, dueShare: 1, port };
    for (let round = 1; round <= rounds; round++) {
      const seconds = await swept(adminUrl, { ...filling, freshSeconds: 0 }, { concurrency: 32 }, 1, 'not-modified');
      const fresh = await swept(adminUrl, { ...filling, freshSeconds: 86_400 }, { concurrency: 32 }, 1, 'still-fresh');
      rates.unmodified.push(RECHECKS / seconds);
      rates.fresh.push(RECHECKS / fresh);
      say(`round ${round}: ${Math.round(RECHECKS / seconds)} rechecks/s, ${Math.round(RECHECKS / fresh)} fresh/s`);
    }
    return [
      alone(
        'rechecks answered with 304, due to recorded',
        'rechecks/s',
        median(rates.unmodified),
        1000,
        'more',
        rounds,
      ),
      alone('rechecks of fresh copies, due to recorded', 'rechecks/s', median(rates.fresh), 2000, 'more', rounds),
    ];
  });
}

async function timesOf(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let round = 0; round < times; round++) {
    const started = performance.now();
    await work();
    taken.push(performance.now() - started);
  }
  return taken.sort((one, other) => one - other);
}

/** Of sorted values. */
function at(values: readonly number[], share: number): number {
  return values[Math.floor((values.length - 1) * share)] ?? Number.NaN;
}

function alone(work: string, unit: string, ours: number, aim: number, better: Row['better'], of: number): Row {
  return { work, unit, ours, peer: null, peerName: null, ratio: null, aim, better, rounds: of };
}

await main();
