import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startPostgres } from '../test/support/postgres.ts';
import { addressOf } from './addresses.ts';
import { isWanted, quick, roundsOr, say } from './options.ts';
import { curl, type Published, plainTools, requireEqual, requireSame } from './peers.ts';
import { addResources, fillPortal, UNLIMITED } from './portal.ts';
import { endedChildrenUs, type ProcessorTimes, peakMemory, postmasterOf, startMeter } from './processorTime.ts';
import { startPublisher } from './publisher.ts';
import { alone, median, medianTimes, printRows, type Row } from './rows.ts';
import { type BenchDatabase, timeOfSweep, untilQuiet, type Working, withDatabase, withWorkers } from './workers.ts';

// The whole journey, beside bare curl and beside the same durable work by plain tools:
// `npm run bench:journey [-- --json] [--quick] [--rounds N] [--heap MB] [--only=sweep|saves]`.
const rounds = roundsOr(quick ? 2 : 5);
const HOSTS = 200;
const FILES = quick ? 2000 : 20_000;
const WARMING = quick ? 500 : 2000;
const SAVES = quick ? 50 : 200;
const PARALLEL = 64;

const scratch = mkdtempSync(join(tmpdir(), 'archiver-bench-'));

interface Round {
  readonly ms: number;
  readonly cpuUs: ProcessorTimes;
}

function publish(root: string): string[] {
  return Array.from({ length: FILES + WARMING }, (_, index) => {
    const folder = join(root, `s${Math.floor(index / 1000)}`);
    if (index % 1000 === 0) mkdirSync(folder);
    const path = join(folder, `${index}.csv`);
    const bytes = 2048 + ((index * 7919) % (18 * 1024));
    writeFileSync(path, Buffer.alloc(bytes, `id,name\n${index},station ${index}\n`));
    return path;
  });
}

/** File `index` lies at host `index % HOSTS`, as a catalogue mixes its publishers. */
function publishedAt(port: number, root: string, paths: readonly string[]): Published[] {
  const urlOf = (path: string, index: number) => `http://${addressOf(index % HOSTS)}:${port}${path.slice(root.length)}`;
  return paths.map((path, index) => ({ url: urlOf(path, index), path }));
}

const settings = () => ({ ...UNLIMITED, folder: mkdtempSync(join(scratch, 'store-')), concurrency: 32 });

let peakMb = 0;

/** From due to stored and recorded: one sweep over the whole catalogue, by a process that has worked before. */
function ours(database: BenchDatabase, files: readonly Published[], publisherPid: number): Promise<Round> {
  const [warming, measured] = [files.slice(FILES), files.slice(0, FILES)];
  const where = settings();
  return withWorkers(database, { settings: where, count: 1 }, async ({ archiver, workers: [worker] }) => {
    const { knex } = database;
    await addResources(knex, urls(warming), 'warming');
    await timeOfSweep(archiver, { archived: WARMING });
    await untilQuiet(database);
    await addResources(knex, urls(measured), 'r');
    const [node, postgres] = [worker?.pid ?? 0, await postmasterOf(knex)];
    const meter = startMeter({ node, postgres, publisher: publisherPid });
    const ms = await timeOfSweep(archiver, { archived: FILES });
    const cpuUs = meter(FILES);
    peakMb = Math.max(peakMb, peakMemory(node));
    await requireCopies(database, measured, where.folder);
    return { ms, cpuUs };
  });
}

const urls = (files: readonly Published[]): string[] => files.map(({ url }) => url);

async function requireCopies({ knex }: BenchDatabase, files: readonly Published[], folder: string): Promise<void> {
  const copies = new Map((await knex('archiver.copy').select('url', 'key')).map(({ url, key }) => [url, key]));
  for (const { url, path } of files) requireEqual(path, join(folder, copies.get(url) ?? ''));
}

async function peer(work: () => Promise<string>, files: readonly Published[]): Promise<Round> {
  const [started, beforeUs] = [performance.now(), endedChildrenUs()];
  const folder = await work();
  const round = { ms: performance.now() - started, cpuUs: { tools: (endedChildrenUs() - beforeUs) / files.length } };
  requireSame(files, folder);
  return round;
}

/** One round of each, on a publisher that nobody has asked before. */
async function round(adminUrl: string, root: string, paths: readonly string[]) {
  const publisher = await startPublisher(root, scratch, HOSTS);
  try {
    const files = publishedAt(publisher.port, root, paths);
    const measured = files.slice(0, FILES);
    const place = { scratch, parallel: PARALLEL };
    const mine = await withDatabase(adminUrl, async (database) => {
      await fillPortal(database.knex, []);
      return ours(database, files, publisher.pid);
    });
    const bare = await peer(() => curl(measured, place), measured);
    const plain = await withDatabase(adminUrl, (database) =>
      peer(() => plainTools(measured, database, place), measured),
    );
    say(`by ${publisher.name}: ours ${rateOf(mine)}/s, plain tools ${rateOf(plain)}/s, curl ${rateOf(bare)}/s`);
    return { mine, bare, plain };
  } finally {
    await publisher.stop();
  }
}

const rateOf = ({ ms }: Round): number => Math.round((FILES / ms) * 1000);

async function sweepRows(adminUrl: string, root: string, paths: readonly string[]): Promise<Row[]> {
  const all: Awaited<ReturnType<typeof round>>[] = [];
  for (let index = 0; index < rounds; index++) all.push(await round(adminUrl, root, paths));
  const rate = (of: 'mine' | 'bare' | 'plain') => (FILES / median(all.map((one) => one[of].ms))) * 1000;
  const cpu = (of: 'mine' | 'plain') => medianTimes(all.map((one) => one[of].cpuUs));
  const work = `${FILES} new files over ${HOSTS} hosts, due to recorded`;
  const beside = (peerName: string, peerRate: number, aim: number): Row => ({
    ...alone(work, { unit: 'files/s', ours: rate('mine'), aim, better: 'more', rounds, cpuUs: cpu('mine') }),
    peer: peerRate,
    peerName,
    ratio: rate('mine') / peerRate,
  });
  const { node = Number.NaN, postgres = Number.NaN } = cpu('mine');
  return [
    beside('plain tools', rate('plain'), 0.6),
    beside('curl --parallel', rate('bare'), 0.3),
    alone(`${work}: CPU`, { unit: 'us a file', ours: node + postgres, aim: 900, better: 'less', rounds }),
    alone('plain tools: CPU, PostgreSQL not counted', {
      unit: 'us a file',
      ours: cpu('plain')['tools'] ?? Number.NaN,
      aim: null,
      better: 'less',
      rounds,
    }),
    alone('peak memory of the worker', { unit: 'MB', ours: peakMb, aim: 250, better: 'less', rounds }),
  ];
}

/** One save at a time, from the commit to the stored and recorded copy; ends early when `isOver`. */
async function saves(
  { archiver, workers: [worker] }: Working,
  { knex }: BenchDatabase,
  files: readonly Published[],
  isOver = () => Promise.resolve(false),
): Promise<number[]> {
  const times: number[] = [];
  const waiting = new Map<string, () => void>();
  const lines = worker?.stdout ? createInterface({ input: worker.stdout }) : null;
  lines?.on('line', (line) => waiting.get(line.replace('succeeded ', ''))?.());
  for (const [index, { url }] of files.slice(0, SAVES).entries()) {
    if (await isOver()) break;
    const id = `s${index}`;
    const done = new Promise<void>((resolve) => waiting.set(id, resolve));
    await knex.transaction(async (transaction) => {
      await transaction('resource').insert({ id, package_id: 'd1', url, name: id });
      await archiver.hooks.afterResourceCreate({ resourceId: id, datasetId: 'd1', transaction });
    });
    const started = performance.now();
    await done;
    times.push(performance.now() - started);
  }
  return times;
}

/** `swept`: a sweep over these keeps every core and every connection busy meanwhile. */
function savesDuring(adminUrl: string, files: readonly Published[], swept: readonly Published[]): Promise<number[]> {
  return withDatabase(adminUrl, async (database) => {
    await fillPortal(database.knex, []);
    return withWorkers(database, { settings: settings(), count: 1 }, async (working) => {
      const { archive } = working.archiver;
      if (swept.length === 0) return saves(working, database, files);
      await addResources(database.knex, urls(swept), 'r');
      await archive.sweep({ dryRun: false });
      return saves(working, database, files, async () => (await archive.overview()).backlog.due === 0);
    });
  });
}

async function saveRows(adminUrl: string, root: string, paths: readonly string[]): Promise<Row[]> {
  const publisher = await startPublisher(root, scratch, HOSTS);
  try {
    const files = publishedAt(publisher.port, root, paths);
    const idle = await savesDuring(adminUrl, files, []);
    const busy: number[] = [];
    for (let index = 0; index < rounds; index++) busy.push(...(await savesDuring(adminUrl, files, files)));
    return [
      latency('save to stored, p50', idle, 0.5, 50),
      latency('save to stored, p99', idle, 0.99, 100),
      latency('save to stored during a sweep, p50', busy, 0.5, 250),
      latency('save to stored during a sweep, p99', busy, 0.99, 500),
    ];
  } finally {
    await publisher.stop();
  }
}

function latency(work: string, times: readonly number[], share: number, aim: number): Row {
  const sorted = [...times].sort((one, other) => one - other);
  const ours = sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return alone(work, { unit: 'ms', ours, aim, better: 'less', rounds: sorted.length });
}

async function main(): Promise<void> {
  const root = join(scratch, 'files');
  mkdirSync(root);
  // PostgreSQL's own account reads what `copy` takes in.
  chmodSync(scratch, 0o755);
  const paths = publish(root);
  const postgres = await startPostgres(['fsync=on']);
  try {
    printRows([
      ...(isWanted('sweep') ? await sweepRows(postgres.url, root, paths) : []),
      ...(isWanted('saves') ? await saveRows(postgres.url, root, paths) : []),
    ]);
  } finally {
    await postgres.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
