import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import createKnex, { type Knex } from 'knex';
import type { Archiver } from '../plugin/Archiver.ts';
import { createArchiver } from '../plugin/plugin.ts';
import { ManyHosts, sendCsv } from '../test/support/manyHosts.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { quick, say } from './options.ts';
import { fillPortal, testPortal } from './portal.ts';
import { printRows, type Row } from './rows.ts';

// Who waits for whom, with and without a crowd of slow links, and what a victim of redirects sees:
// `npm run bench:fairness [-- --json] [--quick]`.
const SLOW_HOSTS = quick ? 30 : 100;
const SLOW = quick ? 300 : 1000;
const FLOOD = quick ? 200 : 1000;
const SAVES = quick ? 20 : 100;
const HEALTHY_HOSTS = 20;
const SWEPT = quick ? 400 : 2000;
const LEADING_HOSTS = 20;
const LEADING = quick ? 40 : 100;
const LONGEST_MS = 300_000;

const scratch = mkdtempSync(join(tmpdir(), 'archiver-fairness-'));

/** Just above the least speed, as a link does that is to be slow for long. */
const drip = (_request: unknown, response: Parameters<RequestListener>[1]) => {
  response.writeHead(200, { 'content-type': 'text/csv', 'content-length': '100000000' }).write('id,value\n1,2\n');
  const timer = setInterval(() => response.write(`3,${'x'.repeat(150)}\n`), 1000);
  response.once('close', () => clearInterval(timer));
};

interface Bench {
  readonly archiver: Archiver;
  readonly knex: Knex;
}

let lastId = 0;

/** Adds resources; answers their ids. Every host has an address of its own. */
async function add({ knex }: Bench, hosts: ManyHosts, count: number, datasetId: string): Promise<string[]> {
  await knex('package').insert({ id: datasetId, name: datasetId, private: false }).onConflict('id').ignore();
  const rows = Array.from({ length: count }, (_, index) => {
    const id = `${datasetId}-${++lastId}`;
    return { id, package_id: datasetId, url: hosts.url(index, `/${id}.csv`), name: id };
  });
  for (let from = 0; from < rows.length; from += 500) await knex('resource').insert(rows.slice(from, from + 500));
  return rows.map(({ id }) => id);
}

async function save({ archiver }: Bench, ids: readonly string[], datasetId: string): Promise<void> {
  for (const resourceId of ids) await archiver.hooks.afterResourceCreate({ resourceId, datasetId });
}

async function archived({ knex }: Bench, ids: readonly string[]): Promise<number> {
  const [row] = await knex('archiver.archival')
    .whereIn('resource_id', [...ids])
    .where({ code: 'archived' })
    .count();
  return Number(row?.count);
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + LONGEST_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It took too long until ${what}.`);
    await wait(20);
  }
}

/** One save after the other, each of an editor of its own, from the hook to the record; sorted. */
async function saves(bench: Bench, hosts: ManyHosts): Promise<number[]> {
  const times: number[] = [];
  let waitsFor = '';
  let stored = () => {};
  const leave = bench.archiver.on(({ name, resourceId }) => {
    if (name === 'archive.succeeded' && resourceId === waitsFor) stored();
  });
  for (let index = 0; index < SAVES; index++) {
    const [id = ''] = await add(bench, hosts, 1, `editor${index}`);
    const done = new Promise<void>((resolve) => {
      stored = resolve;
    });
    waitsFor = id;
    const started = performance.now();
    await save(bench, [id], `editor${index}`);
    await done;
    times.push(performance.now() - started);
    await wait(50);
  }
  leave();
  return times.sort((one, other) => one - other);
}

/** Files a second. */
async function sweepRate(bench: Bench, hosts: ManyHosts): Promise<number> {
  const ids = await add(bench, hosts, SWEPT, 'swept');
  const started = performance.now();
  await bench.archiver.archive.sweep({ dryRun: false });
  await until(async () => (await archived(bench, ids)) === ids.length, 'a sweep of healthy hosts had ended');
  return (ids.length / (performance.now() - started)) * 1000;
}

/** Half of the slow links are saved, half found by a sweep; resolves when as many drip as can for now. */
async function crowd(bench: Bench, slow: ManyHosts): Promise<void> {
  await save(bench, await add(bench, slow, SLOW / 2, 'slow-saved'), 'slow-saved');
  await add(bench, slow, SLOW / 2, 'slow-swept');
  await bench.archiver.archive.sweep({ dryRun: false });
  await until(() => slow.active >= 16, 'the places were taken');
  say(`${slow.active} links drip`);
}

/** Most requests that a host saw within a second. */
class Busiest {
  readonly #times: number[] = [];
  most = 0;

  count(): void {
    const now = performance.now();
    this.#times.push(now);
    while ((this.#times[0] ?? now) < now - 1000) this.#times.shift();
    this.most = Math.max(this.most, this.#times.length);
  }
}

async function withArchiver<Result>(
  databaseUrl: string,
  settings: Readonly<Record<string, unknown>>,
  work: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  const name = `bench_${Date.now()}`;
  const admin = createKnex({ client: 'pg', connection: databaseUrl });
  await admin.raw(`create database ${name}`);
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  const knex = createKnex({ client: 'pg', connection: url.href, pool: { min: 0, max: 20 } });
  await fillPortal(knex, []);
  const archiver = createArchiver({ environment: {} });
  const folder = mkdtempSync(join(scratch, 'store-'));
  archiver.register(testPortal({ knex, settings: { folder, databaseUrl: url.href, minFreeBytes: 0, ...settings } }));
  await archiver.start();
  try {
    return await work({ archiver, knex });
  } finally {
    await archiver.stop();
    await knex.destroy();
    await admin.raw(`drop database ${name} with (force)`);
    await admin.destroy();
  }
}

/** Sweeps may go as fast as they can; the number of requests at a time is as by default. */
const FAST = { hostRequestsPerSecond: 1_000_000, hostBurst: 1_000_000 };

async function besideSlowLinks(databaseUrl: string): Promise<Row[]> {
  const slow = await ManyHosts.start(SLOW_HOSTS, drip, (host) => `127.1.0.${host + 1}`);
  const healthy = await ManyHosts.start(HEALTHY_HOSTS, sendCsv, (host) => `127.2.0.${host + 1}`);
  try {
    return await withArchiver(databaseUrl, FAST, async (bench) => {
      await sweepRate(bench, healthy);
      const alone = { saves: await saves(bench, healthy), rate: await sweepRate(bench, healthy) };
      await crowd(bench, slow);
      const beside = { saves: await saves(bench, healthy), rate: await sweepRate(bench, healthy) };
      const links = `${SLOW} slow links on ${SLOW_HOSTS} hosts`;
      return [
        latency('save to a healthy host, p99, alone', alone.saves),
        latency(`save to a healthy host, p99, beside ${links}`, beside.saves),
        share(`sweep of healthy hosts beside ${links}`, beside.rate, alone.rate),
      ];
    });
  } finally {
    await slow.stop();
    await healthy.stop();
  }
}

async function besideFlood(databaseUrl: string): Promise<Row[]> {
  const slow = await ManyHosts.start(
    1,
    async (request, response, host) => {
      await wait(500);
      sendCsv(request, response, host);
    },
    () => '127.3.0.1',
  );
  const healthy = await ManyHosts.start(HEALTHY_HOSTS, sendCsv, (host) => `127.2.0.${host + 1}`);
  try {
    return await withArchiver(databaseUrl, FAST, async (bench) => {
      await save(bench, await add(bench, slow, FLOOD, 'flood'), 'flood');
      await until(() => slow.requests > 0, 'the flood began');
      const beside = await saves(bench, healthy);
      return [latency(`save to a healthy host, p99, beside a flood of ${FLOOD} saves to a slow host`, beside)];
    });
  } finally {
    await slow.stop();
    await healthy.stop();
  }
}

/** By the default limits. */
async function victim(databaseUrl: string): Promise<Row[]> {
  const busiest = new Busiest();
  const led = await ManyHosts.start(
    1,
    async (request, response, host) => {
      busiest.count();
      await wait(200);
      sendCsv(request, response, host);
    },
    () => '127.4.0.1',
  );
  const leading = await ManyHosts.start(LEADING_HOSTS, ({ url }, response) => {
    response.writeHead(302, { location: led.url(0, url ?? '/') }).end();
  });
  try {
    return await withArchiver(databaseUrl, {}, async (bench) => {
      const ids = await add(bench, leading, LEADING, 'leading');
      await save(bench, ids, 'leading');
      await until(async () => (await archived(bench, ids)) === ids.length, 'all that leads to the victim was archived');
      const work = `${LEADING} links on ${LEADING_HOSTS} ports, each a 302 to one victim`;
      return [
        figure(`${work}: its requests at a time`, 'requests', led.most, 2),
        figure(`${work}: its requests within a second`, 'requests', busiest.most, 12),
      ];
    });
  } finally {
    await led.stop();
    await leading.stop();
  }
}

function latency(work: string, sorted: readonly number[]): Row {
  const p99 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? Number.NaN;
  return figure(work, 'ms', p99, 2000);
}

function figure(work: string, unit: string, ours: number, aim: number): Row {
  return { work, unit, ours, peer: null, peerName: null, ratio: null, aim, better: 'less', rounds: 1 };
}

function share(work: string, ours: number, alone: number): Row {
  const ratio = ours / alone;
  return { work, unit: 'files/s', ours, peer: alone, peerName: 'alone', ratio, aim: 0.8, better: 'more', rounds: 1 };
}

const postgres = await startPostgres();
try {
  const rows: Row[] = [];
  for (const part of [besideSlowLinks, besideFlood, victim]) {
    rows.push(...(await part(postgres.url)));
    say(`${part.name}: ${rows.map(({ ours }) => Math.round(ours)).join(', ')}`);
  }
  printRows(rows);
} finally {
  await postgres.stop();
  rmSync(scratch, { recursive: true, force: true });
}
