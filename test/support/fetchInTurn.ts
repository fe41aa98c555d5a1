import assert from 'node:assert/strict';
import { nextKnown } from '../../plugin/decide/nextKnown.ts';
import type { Attempt, FetchRequest, Known } from '../../plugin/model/attempt.ts';
import { MemoryStages, requestFor, testFetcher } from './fetching.ts';
import { OddServer, type Reply } from './oddServer.ts';

/** One attempt, and what is known after it. */
export interface Read {
  readonly attempt: Attempt;
  readonly known: Known | null;
}

/** Fetches one URL again and again, as the archiver does: what came of one attempt is known to the next. */
export async function fetchInTurn(
  replies: readonly Reply[],
  { before = null, path = '/f.csv' }: { before?: Known | null; path?: string } = {},
): Promise<Read[]> {
  const server = await OddServer.start({ '*': replies });
  const stages = new MemoryStages();
  const fetcher = testFetcher();
  const reads: Read[] = [];
  let known = before && { ...before, url: server.url(path) };
  try {
    for (const _ of replies) {
      const request: FetchRequest = requestFor(server.url(path), { known });
      const attempt = await fetcher.fetch(request, stages, new AbortController().signal);
      known = nextKnown(known, attempt, request.url, new Date());
      reads.push({ attempt, known });
    }
    const left = [...stages.bodies.keys()].length - reads.filter(({ attempt }) => attempt.stage).length;
    assert.deepEqual([stages.open, left], [0, 0]);
    return reads;
  } finally {
    await fetcher.close();
    await server.stop();
  }
}
