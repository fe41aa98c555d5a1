import { setMaxListeners } from 'node:events';
import { RetrieverPool } from '../plugin/fetch/retrieve/retrieverPool.ts';
import { ThreadRetriever } from '../plugin/fetch/retrieve/threadRetriever.ts';
import type { Attempt, FetchRequest, Known } from '../plugin/model/attempt.ts';

/** What the process is told. */
export interface FetchWork {
  readonly urls: readonly string[];
  /** The folder below which each URL has its key. */
  readonly timestamp: string;
  /** 0: each is fetched and kept; else so many times they are asked for once more, all answered with 304. */
  readonly rechecks: number;
}

/** What it answers when all of it is done. */
export interface FetchDone {
  /** Of the rechecks alone, where there are any. */
  readonly ms: number;
}

// The plugin's fetch threads in a process of their own, on the built package, so that time and memory are theirs:
// `node fetchProcess.js FOLDER THREADS PARALLEL`, told over its channel, ends with it.
const [folder = '', threads = '1', parallel = '1'] = process.argv.slice(2);
const entry = new URL('./fetchThread.js', import.meta.url);
const retriever = new RetrieverPool(
  Array.from({ length: Number(threads) }, () => new ThreadRetriever(entry, { folder })),
);
const { signal } = new AbortController();
setMaxListeners(0, signal);

process.on('message', async (work: FetchWork) => {
  const ms = work.rechecks > 0 ? await recheckAll(work) : await keepAll(work);
  process.send?.({ ms } satisfies FetchDone);
});
process.once('disconnect', () => retriever.close());

/** Milliseconds. */
async function keepAll({ urls, timestamp }: FetchWork): Promise<number> {
  const started = performance.now();
  await inParallel(urls.length, async (index) => {
    const { stage, reason } = await retrieve(urls, index, { timestamp, known: null });
    if (!stage) throw new Error(`${urls[index]}: ${reason}`);
    await retriever.commit(stage);
  });
  return performance.now() - started;
}

async function recheckAll({ urls, timestamp, rechecks }: FetchWork): Promise<number> {
  const copies: Known[] = [];
  await inParallel(urls.length, async (index) => {
    const attempt = await retrieve(urls, index, { timestamp, known: null });
    if (attempt.stage) await retriever.discard(attempt.stage);
    copies[index] = knownOf(urls[index] ?? '', attempt);
  });
  const started = performance.now();
  await inParallel(rechecks, async (count) => {
    const index = count % urls.length;
    const { code } = await retrieve(urls, index, { timestamp, known: copies[index] ?? null });
    if (code !== 'not-modified') throw new Error(`${urls[index]}: ${code}`);
  });
  return performance.now() - started;
}

function retrieve(
  urls: readonly string[],
  index: number,
  { timestamp, known }: { readonly timestamp: string; readonly known: Known | null },
): Promise<Attempt> {
  const request: FetchRequest = {
    url: urls[index] ?? '',
    mode: 'demand',
    known,
    declaredFormat: 'CSV',
    resourceName: null,
    now: Date.now(),
    keyPrefix: `archive/${timestamp}/r${index}`,
  };
  return retriever.retrieve(request, signal);
}

function knownOf(url: string, { answer, bytes, md5, sha256 }: Attempt): Known {
  const { status, headers } = answer ?? { status: 200, headers: {} };
  return { url, storedAt: new Date().toISOString(), status, headers, bytes, md5, sha256, ok: true };
}

async function inParallel(count: number, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < count; index = next++) await act(index);
  };
  await Promise.all(Array.from({ length: Number(parallel) }, lane));
}
