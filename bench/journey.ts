import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import createKnex, { type Knex } from 'knex';
import type { Archiver } from '../plugin/Archiver.ts';
import { createArchiver } from '../plugin/plugin.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { addResources, fillPortal, testPortal, UNLIMITED } from './portal.ts';
import { type Publisher, startPublisher } from './publisher.ts';
import { median, printRows, type Row } from './rows.ts';

// The whole journey, beside bare curl: `npm run bench:journey [-- --json] [--quick]`.
const quick = process.argv.includes('--quick');
const asJson = process.argv.includes('--json');
const rounds = quick ? 2 : 5;
const HOSTS = 200;
const FILES = quick ? 2000 : 20_000;
const SAVES = quick ? 50 : 200;
const PARALLEL = 64;
const LONGEST_MS = 300_000;

const execute = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'archiver-bench-'));
const say = (line: string) => process.stderr.write(`${line}\n`);

function publish(root: string): string[] {
  return Array.from({ length: FILES }, (_, index) => {
    const folder = `s${Math.floor(index / 1000)}`;
    if (index % 1000 === 0) mkdirSync(join(root, folder));
    const bytes = 2048 + ((index * 7919) % (18 * 1024));
    writeFileSync(join(root, folder, `${index}.csv`), Buffer.alloc(bytes, `id,name\n${index},station ${index}\n`));
    return `${folder}/${index}.csv`;
  });
}

/** Resource `index` lies at host `index % HOSTS`, as a catalogue mixes its publishers. */
function urlsOf(publisher: Publisher, paths: readonly string[]): string[] {
  return paths.map((path, index) => `${publisher.url.replace('127.0.0.1', `127.0.0.${(index % HOSTS) + 1}`)}/${path}`);
}

async function withArchiver<Result>(
  databaseUrl: string,
  urls: readonly string[],
  work: (archiver: Archiver, knex: Knex) => Promise<Result>,
): Promise<Result> {
  const name = `bench_${Date.now()}`;
  const admin = createKnex({ client: 'pg', connection: databaseUrl });
  await admin.raw(`create database ${name}`);
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  const knex = createKnex({ client: 'pg', connection: url.href, pool: { min: 0, max: 20 } });
  await fillPortal(knex, urls);
  const archiver = createArchiver({ environment: {} });
  const folder = mkdtempSync(join(scratch, 'store-'));
  archiver.register(testPortal({ knex, settings: { ...UNLIMITED, folder, databaseUrl: url.href, concurrency: 32 } }));
  await archiver.start();
  try {
    return await work(archiver, knex);
  } finally {
    await archiver.stop();
    await knex.destroy();
    await admin.raw(`drop database ${name} with (force)`);
    await admin.destroy();
  }
}

/** From due to stored and recorded: one sweep over the whole catalogue, by a process that has worked before. */
function ours(databaseUrl: string, urls: readonly string[]): Promise<number> {
  return withArchiver(databaseUrl, [], async (archiver, knex) => {
    await addResources(knex, urls.slice(0, HOSTS), 'warming');
    await timeOfSweep(archiver, HOSTS);
    await addResources(knex, urls, 'r');
    return timeOfSweep(archiver, urls.length);
  });
}

async function timeOfSweep(archiver: Archiver, wanted: number): Promise<number> {
  const started = performance.now();
  const { runId } = await archiver.archive.sweep({ dryRun: false });
  for (;;) {
    const run = await archiver.archive.runs.get(runId ?? '');
    const ms = performance.now() - started;
    if (run?.state === 'done' && run.counts.archived === wanted) return ms;
    if (run?.state === 'done' || ms > LONGEST_MS) throw new Error(`The sweep came to ${JSON.stringify(run)}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function curl(urls: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(scratch, 'curl-'));
  const list = join(scratch, 'curl.txt');
  writeFileSync(list, urls.map((url, index) => `url=${url}\noutput=${folder}/${index}\n`).join(''));
  const started = performance.now();
  await execute('curl', ['--silent', '--parallel', '--parallel-max', String(PARALLEL), '--config', list]);
  return performance.now() - started;
}

/** One save at a time, from the commit to the stored and recorded copy; ends early when `isOver`. */
async function saves(
  archiver: Archiver,
  knex: Knex,
  urls: readonly string[],
  isOver = () => Promise.resolve(false),
): Promise<number[]> {
  const times: number[] = [];
  let stored: (() => void) | null = null;
  let waitsFor = '';
  const leave = archiver.on(({ name, resourceId }) => {
    if (name === 'archive.succeeded' && resourceId === waitsFor) stored?.();
  });
  for (const [index, url] of urls.slice(0, SAVES).entries()) {
    if (await isOver()) break;
    const done = new Promise<void>((resolve) => {
      stored = resolve;
    });
    const id = `s${index}`;
    waitsFor = id;
    await knex.transaction(async (transaction) => {
      await transaction('resource').insert({ id, package_id: 'd1', url, name: id });
      await archiver.hooks.afterResourceCreate({ resourceId: id, datasetId: 'd1', transaction });
    });
    const started = performance.now();
    await done;
    times.push(performance.now() - started);
  }
  leave();
  return times.sort((one, other) => one - other);
}

function idleSaves(databaseUrl: string, urls: readonly string[]): Promise<number[]> {
  return withArchiver(databaseUrl, [], (archiver, knex) => saves(archiver, knex, urls));
}

/** While a sweep over the whole catalogue keeps every core and every connection busy. */
function busySaves(databaseUrl: string, urls: readonly string[]): Promise<number[]> {
  return withArchiver(databaseUrl, urls, async (archiver, knex) => {
    await archiver.archive.sweep({ dryRun: false });
    const isOver = async () => (await archiver.archive.overview()).backlog.due === 0;
    return saves(archiver, knex, urls, isOver);
  });
}

async function main(): Promise<void> {
  const root = join(scratch, 'files');
  mkdirSync(root);
  const paths = publish(root);
  const postgres = await startPostgres();
  const publisher = await startPublisher(root, scratch, HOSTS);
  say(`published by ${publisher.name}`);
  try {
    const urls = urlsOf(publisher, paths);
    const times = { ours: [] as number[], curl: [] as number[] };
    for (let round = 1; round <= rounds; round++) {
      times.ours.push(await ours(postgres.url, urls));
      times.curl.push(await curl(urls));
      say(
        `round ${round} of ${rounds}: ours ${Math.round(times.ours.at(-1) ?? 0)} ms, curl ${Math.round(times.curl.at(-1) ?? 0)} ms`,
      );
    }
    const idle = await idleSaves(postgres.url, urls);
    const busy: number[] = [];
    for (let round = 1; round <= rounds; round++) busy.push(...(await busySaves(postgres.url, urls)));
    busy.sort((one, other) => one - other);
    say(`${busy.length} saves during sweeps`);
    const [mine, peer] = [times.ours, times.curl].map((values) => (FILES / median(values)) * 1000) as [number, number];
    const row: Row = {
      work: `${FILES} new files over ${HOSTS} hosts, due to recorded`,
      unit: 'files/s',
      ours: mine,
      peer,
      peerName: 'curl --parallel',
      ratio: mine / peer,
      aim: 0.5,
      better: 'more',
      rounds,
    };
    printRows(
      [
        row,
        latency('save to stored, p50', idle, 0.5, 100),
        latency('save to stored, p99', idle, 0.99, 500),
        latency('save to stored during a sweep, p50', busy, 0.5, 500),
        latency('save to stored during a sweep, p99', busy, 0.99, 1000),
      ],
      asJson,
    );
  } finally {
    await publisher.stop();
    await postgres.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function latency(work: string, sorted: readonly number[], share: number, aim: number): Row {
  const ours = sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return {
    work,
    unit: 'ms',
    ours,
    peer: null,
    peerName: null,
    ratio: null,
    aim,
    better: 'less',
    rounds: sorted.length,
  };
}

await main();
