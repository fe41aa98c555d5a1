import { setMaxListeners } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Retriever } from '../plugin/fetch/retrieve/Retriever.ts';
import { RetrieverPool } from '../plugin/fetch/retrieve/retrieverPool.ts';
import { ThreadRetriever } from '../plugin/fetch/retrieve/threadRetriever.ts';
import type { Attempt, Known } from '../plugin/model/attempt.ts';
import { addressOf } from './addresses.ts';
import { quick, roundsOr, say } from './options.ts';
import { curl, digests, requireSame, requireSameLarge } from './peers.ts';
import { type Publisher, startPublisher } from './publisher.ts';
import { alone, median, printRows, type Row } from './rows.ts';

// Fetching, beside curl: `npm run bench:fetch [-- --json] [--quick] [--rounds N]`.
const rounds = roundsOr(quick ? 3 : 5);
const PARALLEL = 32;
/** Small files lie at several hosts, as those of a portal do: each host has its thread. */
const HOSTS = 8;
const MIB = 1024 * 1024;
const SIZES = quick
  ? { small: 2000, middle: 20, large: 256 * MIB, rechecks: 10_000 }
  : { small: 20_000, middle: 200, large: 4096 * MIB, rechecks: 100_000 };

const WARMING = 2000;

const scratch = mkdtempSync(join(tmpdir(), 'archiver-bench-'));
let peakRss = 0;

interface Work {
  readonly name: string;
  readonly paths: readonly string[];
  /** Units of work in all paths: files, or MiB. */
  readonly units: number;
  readonly unit: string;
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
  return {
    small: { name: `${SIZES.small} files of 2-20 KiB`, paths: small, units: small.length, unit: 'files/s' },
    middle: { name: `${middle.length} files of 5 MiB`, paths: middle, units: middle.length * 5, unit: 'MiB/s' },
    large: {
      name: `one file of ${SIZES.large / MIB} MiB`,
      paths: ['large.csv'],
      units: SIZES.large / MIB,
      unit: 'MiB/s',
    },
  };
}

function table(bytes: number, seed: number): Buffer {
  const body = Buffer.alloc(bytes, `id,name,value\n${seed},station ${seed},${seed * 31}\n1,alpha,2.5\n`);
  body.write(`id,name,value\n${seed},`, 0);
  return body;
}

let keptRounds = 0;
const ourFolder = join(scratch, 'ours');

/** Fetched, hashed and kept, each round below a timestamp of its own. */
async function ours(retriever: Retriever, publisher: Publisher, { paths }: Work): Promise<number> {
  const timestamp = `20260102T${String(++keptRounds).padStart(6, '0')}Z`;
  const started = performance.now();
  await inParallel(paths, async (path, index) => {
    const request = requestFor(urlOf(publisher, path, index), `${timestamp}/r${index}`, null);
    const { stage, reason } = await retriever.retrieve(request, signal);
    if (!stage) throw new Error(`${path}: ${reason}`);
    await retriever.commit(stage);
  });
  const ms = performance.now() - started;
  if (paths.length === 1) rmSync(join(ourFolder, 'archive', timestamp), { recursive: true });
  return ms;
}

/** The plugin's threads, one a core, started and warm as they are in a process that works for years. */
async function openRetriever(publisher: Publisher, { paths }: Work): Promise<Retriever> {
  const entry = new URL('./fetchThread.ts', import.meta.url);
  const retriever = new RetrieverPool(
    Array.from({ length: availableParallelism() }, () => new ThreadRetriever(entry, { folder: ourFolder })),
  );
  await ours(retriever, publisher, { name: 'warming', paths: paths.slice(0, WARMING), units: 0, unit: '' });
  return retriever;
}

function urlOf(publisher: Publisher, path: string, index: number): string {
  return `http://${addressOf(index % HOSTS)}:${publisher.port}/${path}`;
}

async function rechecks(retriever: Retriever, publisher: Publisher, { paths }: Work): Promise<number> {
  const known = new Map<string, Known>();
  await inParallel(paths, async (path, index) => {
    const url = urlOf(publisher, path, index);
    const attempt = await retriever.retrieve(requestFor(url, `known/r${index}`, null), signal);
    if (attempt.stage) await retriever.discard(attempt.stage);
    known.set(path, knownOf(url, attempt));
  });
  const many = Array.from({ length: SIZES.rechecks }, (_, index) => paths[index % paths.length] ?? '');
  const started = performance.now();
  await inParallel(many, async (path, index) => {
    const url = urlOf(publisher, path, index % paths.length);
    const { code } = await retriever.retrieve(requestFor(url, `known/r${index}`, known.get(path) ?? null), signal);
    if (code !== 'not-modified') throw new Error(`${path}: ${code}`);
  });
  return (many.length / (performance.now() - started)) * 1000;
}

const { signal } = new AbortController();
setMaxListeners(0, signal);

function requestFor(url: string, place: string, known: Known | null) {
  return {
    url,
    mode: 'demand',
    known,
    declaredFormat: 'CSV',
    resourceName: null,
    now: Date.now(),
    keyPrefix: `archive/${place}`,
  } as const;
}

function knownOf(url: string, { answer, bytes, md5, sha256 }: Attempt): Known {
  const { status, headers } = answer ?? { status: 200, headers: {} };
  return { url, storedAt: new Date().toISOString(), status, headers, bytes, md5, sha256, ok: true };
}

async function inParallel(
  paths: readonly string[],
  act: (path: string, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < paths.length; index = next++) {
      await act(paths[index] ?? '', index);
      if (index % 64 === 0) peakRss = Math.max(peakRss, process.memoryUsage.rss());
    }
  };
  const watch = setInterval(() => {
    peakRss = Math.max(peakRss, process.memoryUsage.rss());
  }, 50);
  await Promise.all(Array.from({ length: PARALLEL }, lane));
  clearInterval(watch);
}

/** Each round into a folder of its own: deleting and recreating files makes a file system many times slower. */
async function peer(publisher: Publisher, { paths }: Work, hashes: boolean): Promise<number> {
  const root = join(scratch, 'files');
  const files = paths.map((path, index) => ({ url: urlOf(publisher, path, index), path: join(root, path) }));
  const started = performance.now();
  const folder = await curl(files, { scratch, parallel: PARALLEL });
  if (hashes) await digests(folder);
  const ms = performance.now() - started;
  if (paths.length === 1) {
    await requireSameLarge(files, folder);
    // Many small files stay until the end: a file system that has just deleted them is slow to make new ones.
    rmSync(folder, { recursive: true, force: true });
  } else requireSame(files, folder);
  return ms;
}

async function compare(
  retriever: Retriever,
  publisher: Publisher,
  work: Work,
  aims: { curl: number | null; digests: number | null },
): Promise<Row[]> {
  const times = { ours: [] as number[], curl: [] as number[], digests: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(await ours(retriever, publisher, work));
    if (aims.curl !== null) times.curl.push(await peer(publisher, work, false));
    if (aims.digests !== null) times.digests.push(await peer(publisher, work, true));
    say(`${work.name}: round ${round + 1} of ${rounds}, ours ${Math.round(times.ours.at(-1) ?? 0)} ms`);
  }
  const perSecond = (values: readonly number[]) => (work.units / median(values)) * 1000;
  const row = (peerName: string, peerTimes: readonly number[], aim: number): Row => {
    const [ours, peerRate] = [perSecond(times.ours), perSecond(peerTimes)];
    const figure = alone(work.name, { unit: work.unit, ours, aim, better: 'more', rounds });
    return { ...figure, peer: peerRate, peerName, ratio: ours / peerRate };
  };
  return [
    ...(aims.curl === null ? [] : [row('curl --parallel', times.curl, aims.curl)]),
    ...(aims.digests === null ? [] : [row('curl, then md5sum and sha256sum', times.digests, aims.digests)]),
  ];
}

async function main(): Promise<void> {
  const root = join(scratch, 'files');
  mkdirSync(root);
  const { small, middle, large } = publish(root);
  const publisher = await startPublisher(root, scratch, HOSTS);
  say(`published by ${publisher.name}`);
  const retriever = await openRetriever(publisher, small);
  try {
    const rows = [
      ...(await compare(retriever, publisher, small, { curl: null, digests: 0.8 })),
      ...(await compare(retriever, publisher, middle, { curl: null, digests: 1.5 })),
      ...(await compare(retriever, publisher, large, { curl: null, digests: 1.2 })),
    ];
    const figures: number[] = [];
    for (let round = 0; round < rounds; round++) figures.push(await rechecks(retriever, publisher, small));
    rows.push(
      alone('rechecks answered with 304', {
        unit: 'rechecks/s',
        ours: median(figures),
        aim: 20_000,
        better: 'more',
        rounds,
      }),
    );
    rows.push(alone('peak memory', { unit: 'MB', ours: peakRss / 1e6, aim: 250, better: 'less', rounds }));
    printRows(rows);
  } finally {
    await retriever.close();
    await publisher.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
