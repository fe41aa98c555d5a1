import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agents } from '../plugin/fetch/connect/agents.ts';
import { Fetcher } from '../plugin/fetch/fetcher.ts';
import { loadConfig } from '../plugin/settings/loadConfig.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { addressOf } from './addresses.ts';
import { isWanted, quick, roundsOr, say } from './options.ts';
import { planningRows } from './planning.ts';
import { addResources, fillPortal, UNLIMITED } from './portal.ts';
import { type ProcessorTimes, postmasterOf, startMeter } from './processorTime.ts';
import { type Publisher, startPublisher, startSlow, startUnchanged } from './publisher.ts';
import { alone, median, medianTimes, printRows, type Row } from './rows.ts';
import { type Filling, fillArchive } from './sweepTables.ts';
import { timeOfSweep, untilQuiet, withDatabase, withWorkers } from './workers.ts';

// Sweeps: `npm run bench:sweep [-- --json] [--quick] [--rounds N] [--heap MB] [--only=planning|workers|rechecks|polite|decisions]`.
const rounds = roundsOr(quick ? 2 : 3);
const SIZES = quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000];
const SLOW = { delayMs: 200, hosts: 250, resources: quick ? 500 : 2000 };
const RECHECKS = quick ? 2000 : 20_000;
const HOSTS = quick ? 20 : 200;
const POLITE = { hosts: quick ? 50 : 200, files: 12, warmingHosts: quick ? 100 : 400, warmingFiles: 5 };
const DECISIONS = quick ? 50_000 : 200_000;

const scratch = mkdtempSync(join(tmpdir(), 'archiver-bench-'));

interface Swept {
  readonly seconds: number;
  readonly cpuUs: ProcessorTimes;
}

interface Recheck {
  readonly filling: Filling;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly workers: number;
  readonly code: 'not-modified' | 'still-fresh';
  readonly publisher: Publisher;
}

/** A second sweep over everything, by workers that have done one. */
function recheck(adminUrl: string, { filling, settings, workers: count, code, publisher }: Recheck): Promise<Swept> {
  return withDatabase(adminUrl, async (database) => {
    const { knex } = database;
    await fillArchive(knex, filling);
    const all = { ...UNLIMITED, folder: mkdtempSync(join(scratch, 'store-')), ...settings };
    return withWorkers(database, { settings: all, count }, async ({ archiver, workers }) => {
      await timeOfSweep(archiver, { [code]: filling.count });
      await untilQuiet(database);
      await knex.raw('update archiver.archival set next_check_at = now()');
      await knex.raw('vacuum analyze archiver.archival');
      const node = workers[0]?.pid ?? 0;
      const meter = startMeter({ node, postgres: await postmasterOf(knex), publisher: publisher.pid });
      const seconds = (await timeOfSweep(archiver, { [code]: filling.count })) / 1000;
      return { seconds, cpuUs: meter(filling.count) };
    });
  });
}

/** Rechecks that wait for their publishers: what further worker processes bring. */
async function workerRow(adminUrl: string): Promise<Row> {
  const publisher = await startSlow(SLOW.delayMs, SLOW.hosts);
  const filling = { count: SLOW.resources, hosts: SLOW.hosts, dueShare: 1, port: publisher.port, freshSeconds: 0 };
  const settings = { hostConcurrency: 2, concurrency: 8 };
  const seconds = { one: [] as number[], four: [] as number[] };
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const [name, workers] of [['one', 1] as const, ['four', 4] as const]) {
        const given = { filling, settings, workers, code: 'not-modified', publisher } as const;
        seconds[name].push((await recheck(adminUrl, given)).seconds);
      }
      say(`round ${round}: one worker ${seconds.one.at(-1)?.toFixed(1)} s, four ${seconds.four.at(-1)?.toFixed(1)} s`);
    }
  } finally {
    await publisher.stop();
  }
  const [four, one] = [seconds.four, seconds.one].map((values) => SLOW.resources / median(values)) as [number, number];
  const work = `${SLOW.resources} rechecks that take ${SLOW.delayMs} ms each, four workers`;
  const row = alone(work, { unit: 'rechecks/s', ours: four, aim: 3.5, better: 'more', rounds });
  return { ...row, peer: one, peerName: 'one worker', ratio: four / one };
}

/** From due to recorded, in one process. */
async function recheckRows(adminUrl: string): Promise<Row[]> {
  const unmodified: Swept[] = [];
  const fresh: Swept[] = [];
  for (let round = 1; round <= rounds; round++) {
    const publisher = await startUnchanged(scratch, HOSTS);
    const filling = { count: RECHECKS, hosts: HOSTS, dueShare: 1, port: publisher.port };
    const given = { settings: { concurrency: 32 }, workers: 1, publisher };
    try {
      unmodified.push(
        await recheck(adminUrl, { ...given, filling: { ...filling, freshSeconds: 0 }, code: 'not-modified' }),
      );
      fresh.push(
        await recheck(adminUrl, { ...given, filling: { ...filling, freshSeconds: 864_000 }, code: 'still-fresh' }),
      );
    } finally {
      await publisher.stop();
    }
    const perSecond = ({ seconds }: Swept = { seconds: Number.NaN, cpuUs: {} }) => Math.round(RECHECKS / seconds);
    say(`round ${round}: ${perSecond(unmodified.at(-1))} answered 304 a second, ${perSecond(fresh.at(-1))} fresh`);
  }
  const row = (work: string, all: readonly Swept[], aim: number): Row => {
    const ours = RECHECKS / median(all.map(({ seconds }) => seconds));
    const cpuUs = medianTimes(all.map((one) => one.cpuUs));
    return alone(work, { unit: 'rechecks/s', ours, aim, better: 'more', rounds, cpuUs });
  };
  return [
    row('rechecks answered with 304, due to recorded', unmodified, 6000),
    row('rechecks of fresh copies, due to recorded', fresh, 20_000),
  ];
}

/** Many small hosts at the default limits: a first sweep of so many files each, beside what the limits allow. */
async function politeRow(adminUrl: string): Promise<Row> {
  const config = loadConfig({ environment: {} });
  const { hosts, files } = POLITE;
  const allowed = (hosts * files) / ((files - config.hostBurst) / config.hostRequestsPerSecond);
  const all: Swept[] = [];
  for (let round = 1; round <= rounds; round++) {
    all.push(await politeSweep(adminUrl));
    say(`round ${round}: ${Math.round((hosts * files) / (all.at(-1)?.seconds ?? 0))} files a second, politely`);
  }
  const ours = (hosts * files) / median(all.map(({ seconds }) => seconds));
  const cpuUs = medianTimes(all.map((one) => one.cpuUs));
  const work = `${hosts} hosts of ${files} files each, default limits`;
  const row = alone(work, { unit: 'files/s', ours, aim: 0.8, better: 'more', rounds, cpuUs });
  return { ...row, peer: allowed, peerName: 'what the limits allow', ratio: ours / allowed };
}

/** Warm by hosts of their own, so that those that count have their whole burst. */
async function politeSweep(adminUrl: string): Promise<Swept> {
  const { hosts, files, warmingHosts, warmingFiles } = POLITE;
  const root = publishSmall(Math.max(files, warmingFiles));
  const publisher = await startPublisher(root, scratch, hosts + warmingHosts);
  const urls = (from: number, count: number, each: number) =>
    Array.from({ length: count * each }, (_, index) => {
      const host = from + (index % count);
      return `http://${addressOf(host)}:${publisher.port}/${Math.floor(index / count)}.csv`;
    });
  try {
    return await withDatabase(adminUrl, async (database) => {
      await fillPortal(database.knex, []);
      const settings = { folder: mkdtempSync(join(scratch, 'store-')), minFreeBytes: 0 };
      return withWorkers(database, { settings, count: 1 }, async ({ archiver, workers: [worker] }) => {
        await addResources(database.knex, urls(hosts, warmingHosts, warmingFiles), 'warming');
        await timeOfSweep(archiver, { archived: warmingHosts * warmingFiles });
        await untilQuiet(database);
        await addResources(database.knex, urls(0, hosts, files), 'r');
        const postgres = await postmasterOf(database.knex);
        const meter = startMeter({ node: worker?.pid ?? 0, postgres, publisher: publisher.pid });
        const seconds = (await timeOfSweep(archiver, { archived: hosts * files })) / 1000;
        return { seconds, cpuUs: meter(hosts * files) };
      });
    });
  } finally {
    await publisher.stop();
  }
}

function publishSmall(count: number): string {
  const root = mkdtempSync(join(scratch, 'files-'));
  for (let index = 0; index < count; index++) {
    writeFileSync(join(root, `${index}.csv`), Buffer.alloc(8192, `id,name\n${index},station ${index}\n`));
  }
  return root;
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

async function decisionRow(): Promise<Row> {
  const decisions: number[] = [];
  for (let round = 0; round < rounds; round++) decisions.push(await freshDecisions());
  const ours = median(decisions);
  return alone('decisions that a copy is fresh', { unit: 'decisions/s', ours, aim: 20_000, better: 'more', rounds });
}

async function main(): Promise<void> {
  const postgres = await startPostgres(['fsync=on']);
  try {
    const rows: Row[] = [];
    if (isWanted('planning'))
      for (const count of SIZES) rows.push(...(await planningRows(postgres.url, count, rounds)));
    if (isWanted('workers')) rows.push(await workerRow(postgres.url));
    if (isWanted('decisions')) rows.push(await decisionRow());
    if (isWanted('rechecks')) rows.push(...(await recheckRows(postgres.url)));
    if (isWanted('polite')) rows.push(await politeRow(postgres.url));
    printRows(rows);
  } finally {
    await postgres.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
