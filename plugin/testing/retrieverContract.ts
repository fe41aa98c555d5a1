import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { ArchiverError, type ErrorCode } from '../errors.ts';
import type { Retriever } from '../fetch/retrieve/Retriever.ts';
import type { Attempt, FetchRequest } from '../model/attempt.ts';
import { TestPublisher } from './testPublisher.ts';

/** One retriever and what the suite needs beside it. */
export interface RetrieverUnderTest {
  readonly retriever: Retriever;
  /**
   * Ends the threads that work for the retriever right now, as a crash would, and resolves when they have ended. It is
   * called while 3 MiB of a body of 64 MiB have been sent. Left out where no thread is used.
   */
  killThreads?(): Promise<void>;
  /** Closes what `open` opened beside the retriever, which the suite closes itself. */
  close(): Promise<void>;
}

/** A name for the report, and how to open a retriever that may connect to 127.0.0.1 and has an empty store. */
export interface RetrieverSubject {
  readonly name: string;
  open(): Promise<RetrieverUnderTest>;
}

interface Place {
  readonly publisher: TestPublisher;
  readonly subject: RetrieverUnderTest;
  readonly retriever: Retriever;
}

type Check = (place: Place) => Promise<void>;

/** What every retriever must do, whichever thread it works in; each title completes "NAME as a retriever". */
const CHECKS: Readonly<Record<string, Check>> = {
  'stages the bytes of a file and describes them': describesFile,
  'commits a key once': commitsOnce,
  'frees a key when its bytes are discarded': freesDiscarded,
  'answers a broken link with a result, not with an error': answersBrokenLink,
  'answers many requests at the same time': answersMany,
  'rejects with "stopped" when the signal aborts while it waits for the server': rejectsAborted,
  'rejects with "stopped" when the signal was aborted before the call': rejectsAbortedBefore,
};

/** Registers the suite with node's test runner; needs nothing but loopback. */
export function retrieverContract({ name, open }: RetrieverSubject): void {
  describe(`${name} as a retriever`, () => {
    let place: Place;
    before(async () => {
      const publisher = await TestPublisher.start();
      const subject = await open();
      place = { publisher, subject, retriever: subject.retriever };
    });
    after(async () => {
      await place.subject.close();
      await place.publisher.stop();
    });
    for (const [title, check] of Object.entries(CHECKS)) it(title, () => check(place));
    it('fails what a dead thread had in hand with "thread-failed", and replaces the thread', async (context) => {
      if (place.subject.killThreads) await replacesThread(place, place.subject.killThreads);
      else context.skip('it uses no thread');
    });
    it('rejects with "stopped" once it is closed, and closes twice without harm', () => rejectsClosed(place));
  });
}

async function describesFile(place: Place): Promise<void> {
  const attempt = await retrieve(place, '/small.csv');
  const body = place.publisher.body('/small.csv');
  const { kind, code, format, bytes, sha256, stage } = attempt;
  assert.deepEqual([kind, code, format, bytes], ['fetched', 'archived', 'CSV', body.length]);
  assert.equal(sha256, createHash('sha256').update(body).digest('hex'));
  assert.deepEqual([stage?.key, stage?.bytes], ['archive/20260102T030405Z/small.csv/small.csv', body.length]);
  if (stage) await place.retriever.discard(stage);
}

async function commitsOnce(place: Place): Promise<void> {
  const [first, second] = [await staged(place, '/twice.csv'), await staged(place, '/twice.csv')];
  assert.equal(await place.retriever.commit(first), 'committed');
  assert.equal(await place.retriever.commit(second), 'exists');
  await place.retriever.discard(second);
}

async function freesDiscarded(place: Place): Promise<void> {
  await place.retriever.discard(await staged(place, '/discarded.csv'));
  assert.equal(await place.retriever.commit(await staged(place, '/discarded.csv')), 'committed');
}

async function answersBrokenLink(place: Place): Promise<void> {
  const { kind, code, status, stage } = await retrieve(place, '/missing.csv');
  assert.deepEqual([kind, code, status, stage], ['failed', 'gone', 404, null]);
}

async function answersMany(place: Place): Promise<void> {
  const paths = Array.from({ length: 20 }, (_, index) => `/many-${index}.csv`);
  const stages = await Promise.all(paths.map((path) => staged(place, path)));
  assert.deepEqual(
    stages.map(({ key }) => key.split('/').at(-1)),
    paths.map((path) => path.slice(1)),
  );
  await Promise.all(stages.map((stage) => place.retriever.discard(stage)));
}

async function rejectsAborted(place: Place): Promise<void> {
  const { publisher } = place;
  const controller = new AbortController();
  publisher.hold();
  const arrived = publisher.arrival('/aborted.csv');
  const retrieved = retrieve(place, '/aborted.csv', controller.signal);
  await arrived;
  controller.abort();
  await rejects(retrieved, 'stopped');
  publisher.release();
}

async function rejectsAbortedBefore(place: Place): Promise<void> {
  place.publisher.hold();
  await rejects(retrieve(place, '/never.csv', AbortSignal.abort()), 'stopped');
  place.publisher.release();
}

async function replacesThread(place: Place, kill: () => Promise<void>): Promise<void> {
  const { publisher } = place;
  publisher.hold();
  const arrived = publisher.arrival('/long.csv');
  const retrieved = rejects(retrieve(place, '/long.csv'), 'thread-failed');
  await arrived;
  await kill();
  publisher.release();
  await retrieved;
  await place.retriever.discard(await staged(place, '/long.csv'));
  await place.retriever.discard(await staged(place, '/after-all.csv'));
}

async function rejectsClosed(place: Place): Promise<void> {
  await place.retriever.close();
  await place.retriever.close();
  await rejects(retrieve(place, '/late.csv'), 'stopped');
}

async function staged(place: Place, path: string) {
  const { stage, reason } = await retrieve(place, path);
  assert.ok(stage, reason);
  return stage;
}

function retrieve({ retriever, publisher }: Place, path: string, signal?: AbortSignal): Promise<Attempt> {
  const request: FetchRequest = {
    url: publisher.url(path),
    mode: 'demand',
    known: null,
    declaredFormat: 'CSV',
    resourceName: null,
    now: Date.now(),
    keyPrefix: `archive/20260102T030405Z${path}`,
  };
  return retriever.retrieve(request, signal ?? new AbortController().signal);
}

async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof ArchiverError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}
