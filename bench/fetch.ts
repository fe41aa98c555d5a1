import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf } from './addresses.ts';
import { Fetching } from './fetching.ts';
import { isWanted, quick, roundsOr, say } from './options.ts';
import { curl, digests, type Published, requireSame, requireSameLarge } from './peers.ts';
import { endedChildrenUs, type ProcessorTimes, peakMemory, startMeter } from './processorTime.ts';
import { type Publisher, startPublisher } from './publisher.ts';
import { alone, median, medianTimes, printRows, type Row } from './rows.ts';

// Fetching, beside curl and both digests: `npm run bench:fetch [-- --json] [--quick] [--rounds N] [--heap MB]
// [--only=small|middle|large|rechecks|memory]`.
const rounds = roundsOr(quick ? 3 : 5);
const PARALLEL = 32;
/** Small files lie at several hosts, as those of a portal do: each host has its thread. */
const HOSTS = 8;
const MIB = 1024 * 1024;
const SIZES = quick
  ? { small: 2000, middle: 20, large: 256 * MIB, rechecks: 10_000 }
  : { small: 20_000, middle: 200, large: 4096 * MIB, rechecks: 100_000 };
/** Whatever the cores are: what a process of this size needs. */
const MEMORY_THREADS = 4;

const WARMING = 2000;

const scratch = mkdtempSync(join(tmpdir(), 'archiver-bench-'));

interface Work {
  readonly name: string;
  readonly paths: readonly string[];
  /** Units of work in all paths: files, or MiB. */
  readonly units: number;
  readonly unit: string;
  /** Of curl, followed by both digests. */
  readonly aim: number;
}

interface Round {
  readonly ms: number;
  readonly cpuUs: ProcessorTimes;
}

function publish(root: string): { small: Work; middle: Work; large: Work } {
  const small: string[] = [];
  for (let index = 0; index < SIZES.small; index++) {
    if (index % 1000 === 0) mkdirSync(join(root, `s${index / 1000}`));
    const path = `s${Math.floor(index / 1000)}/${index}.csv`;
    writeFileSync(join(root, path), table(2048 + ((index * 7919) % (18 * 1024)), index));
    small.push(path);
  }
  const middle = Array.from({ length: SIZES.middle }, (_, index) => `middle-${index}.csv`);
  for (const [index, path] of middle.entries()) writeFileSync(join(root, path), table(5 * MIB, index));
  writeFileSync(join(root, 'large.csv'), table(MIB, 0));
  truncateSync(join(root, 'large.csv'), SIZES.large);
  const mib = (files: number, each: number) => ({ units: files * each, unit: 'MiB/s' });
  return {
    small: {
      name: `${SIZES.small} files of 2-20 KiB`,
      paths: small,
      units: small.length,
      unit: 'files/s',
      aim: 0.8,
    },
    middle: { name: `${middle.length} files of 5 MiB`, paths: middle, ...mib(middle.length, 5), aim: 1.5 },
    large: {
      name: `one file of ${SIZES.large / MIB} MiB`,
      paths: ['large.csv'],
      ...mib(1, SIZES.large / MIB),
      aim: 1.2,
    },
  };
}

function table(bytes: number, seed: number): Buffer {
  const body = Buffer.alloc(bytes, `id,name,value\n${seed},station ${seed},${seed * 31}\n1,alpha,2.5\n`);
  body.write(`id,name,value\n${seed},`, 0);
  return body;
}

function urlsOf(publisher: Publisher, paths: readonly string[]): string[] {
  return paths.map((path, index) => `http://${addressOf(index % HOSTS)}:${publisher.port}/${path}`);
}

/** Fetched, hashed and kept, by threads that are warm as they are in a process that works for years. */
async function ours(fetching: Fetching, publisher: Publisher, { paths, units }: Work): Promise<Round> {
  const meter = startMeter({ node: fetching.pid, publisher: publisher.pid });
  const { ms, folder } = await fetching.perform(urlsOf(publisher, paths));
  const cpuUs = meter(units);
  // Many small files stay until the end: a file system that has just deleted them is slow to make new ones.
  if (paths.length === 1) rmSync(folder, { recursive: true });
  return { ms, cpuUs };
}

/** Each round into a folder of its own. */
async function peer(publisher: Publisher, { paths, units }: Work): Promise<Round> {
  const urls = urlsOf(publisher, paths);
  const files = paths.map((path, index): Published => ({ url: urls[index] ?? '', path: join(scratch, 'files', path) }));
  const [started, beforeUs] = [performance.now(), endedChildrenUs()];
  const folder = await curl(files, { scratch, parallel: PARALLEL });
  await digests(folder);
  const ms = performance.now() - started;
  const cpuUs = { tools: (endedChildrenUs() - beforeUs) / units };
  if (paths.length === 1) {
    await requireSameLarge(files, folder);
    rmSync(folder, { recursive: true, force: true });
  } else requireSame(files, folder);
  return { ms, cpuUs };
}

async function compare(fetching: Fetching, publisher: Publisher, work: Work): Promise<Row[]> {
  const times = { ours: [] as Round[], tools: [] as Round[] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(await ours(fetching, publisher, work));
    times.tools.push(await peer(publisher, work));
    say(`${work.name}: round ${round + 1} of ${rounds}, ours ${Math.round(times.ours.at(-1)?.ms ?? 0)} ms`);
  }
  const [rate, peerRate] = [times.ours, times.tools].map(
    (all) => (work.units / median(all.map(({ ms }) => ms))) * 1000,
  ) as [number, number];
  const cpuUs = medianTimes(times.ours.map((one) => ({ ...one.cpuUs })));
  const { tools = Number.NaN } = medianTimes(times.tools.map((one) => one.cpuUs));
  const row = alone(work.name, {
    unit: work.unit,
    ours: rate,
    aim: work.aim,
    better: 'more',
    rounds,
    cpuUs: { ...cpuUs, tools },
  });
  return [{ ...row, peer: peerRate, peerName: 'curl, then md5sum and sha256sum', ratio: rate / peerRate }];
}

async function recheckRow(fetching: Fetching, publisher: Publisher, { paths }: Work): Promise<Row> {
  const figures: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { ms } = await fetching.perform(urlsOf(publisher, paths), SIZES.rechecks);
    figures.push((SIZES.rechecks / ms) * 1000);
  }
  return alone('rechecks answered with 304', {
    unit: 'rechecks/s',
    ours: median(figures),
    aim: 20_000,
    better: 'more',
    rounds,
  });
}

/** One process for each work: what one needed at most is not what another needs. */
async function memoryRow(publisher: Publisher, work: Work): Promise<Row> {
  const fetching = Fetching.start(scratch, { threads: MEMORY_THREADS, parallel: PARALLEL });
  try {
    const { folder } = await fetching.perform(urlsOf(publisher, work.paths));
    if (work.paths.length === 1) rmSync(folder, { recursive: true });
    const ours = peakMemory(fetching.pid);
    return alone(`${work.name}: peak memory, ${MEMORY_THREADS} threads`, {
      unit: 'MB',
      ours,
      aim: 250,
      better: 'less',
      rounds: 1,
    });
  } finally {
    await fetching.close();
  }
}

async function main(): Promise<void> {
  const root = join(scratch, 'files');
  mkdirSync(root);
  const { small, middle, large } = publish(root);
  const publisher = await startPublisher(root, scratch, HOSTS);
  say(`published by ${publisher.name}`);
  const fetching = Fetching.start(scratch, { threads: availableParallelism(), parallel: PARALLEL });
  try {
    await fetching.perform(urlsOf(publisher, small.paths.slice(0, WARMING)));
    const rows: Row[] = [];
    if (isWanted('small')) rows.push(...(await compare(fetching, publisher, small)));
    if (isWanted('middle')) rows.push(...(await compare(fetching, publisher, middle)));
    if (isWanted('large')) rows.push(...(await compare(fetching, publisher, large)));
    if (isWanted('rechecks')) rows.push(await recheckRow(fetching, publisher, small));
    if (isWanted('memory')) for (const work of [small, middle, large]) rows.push(await memoryRow(publisher, work));
    printRows(rows);
  } finally {
    await fetching.close();
    await publisher.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
