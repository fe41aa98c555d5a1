import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Deadlines } from '../../plugin/fetch/exchange/deadlines.ts';
import { ExchangeState } from '../../plugin/fetch/exchange/exchangeState.ts';
import type { BodyEnd, ExchangeResult } from '../../plugin/fetch/exchange/Response.ts';
import { failure } from '../../plugin/fetch/outcome/failure.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';

const HEAD = { status: 200, statusText: 'OK', headers: { 'content-type': 'text/csv' } };
const COMPLETE: BodyEnd = { kind: 'complete', framing: 'close' };
const RESET = failure('reset', 'The connection was reset.');

/** An exchange over a connection that only writes down what it is told. */
function startExchange(signal = new AbortController().signal) {
  const calls: string[] = [];
  const results: ExchangeResult[] = [];
  const connection = {
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    release: () => calls.push('release'),
    abort: () => calls.push('abort'),
  };
  const deadlines = new Deadlines(loadConfig({ environment: {} }));
  const resolve = (result: ExchangeResult) => results.push(result);
  const state = new ExchangeState(connection, { deadlines, signal }, { lenient: false, resolve });
  state.start();
  deadlines.close();
  return { state, calls, results };
}

describe('an exchange', () => {
  it('comes to its response with the final head, and to nothing else after it', () => {
    const { state, calls, results } = startExchange();
    state.interim();
    state.begin(HEAD);
    state.finish(COMPLETE);
    state.refuse(RESET);
    state.stop(RESET);
    assert.deepEqual(results, [{ kind: 'response', response: state }]);
    assert.deepEqual([state.status, calls], [200, ['release']]);
  });

  it('comes to a failure when the connection ends before the head', () => {
    const { state, calls, results } = startExchange();
    state.sent();
    state.refuse(RESET, { staleConnection: true });
    state.begin(HEAD);
    assert.deepEqual(results, [
      { kind: 'failure', failure: RESET, sent: true, malformed: false, staleConnection: true },
    ]);
    assert.deepEqual(calls, ['release']);
  });

  it('gives the connection up when the attempt is stopped, before the request and in the body', async () => {
    const early = startExchange(AbortSignal.abort());
    assert.deepEqual(early.calls, ['release', 'abort']);
    assert.equal(early.results[0]?.kind, 'failure');
    const controller = new AbortController();
    const late = startExchange(controller.signal);
    late.state.begin(HEAD);
    controller.abort();
    assert.deepEqual(late.calls, ['release', 'abort']);
    const end = await late.state.read(() => null);
    assert.equal(end.kind === 'broken' && end.failure.code, 'internal');
  });

  it('refuses a server that sends interim responses only', () => {
    const { state, results } = startExchange();
    for (let count = 0; count < 101; count += 1) state.interim();
    assert.equal(results[0]?.kind === 'failure' && results[0].failure.code, 'protocol');
  });

  it('hands over what came before the connection was lost', async () => {
    const { state } = startExchange();
    state.begin(HEAD);
    state.push(Buffer.from('a,b\n'));
    state.finish({ kind: 'broken', failure: RESET, lost: true, malformed: false });
    const chunks: string[] = [];
    const end = await state.read((chunk) => {
      chunks.push(chunk.toString());
      return null;
    });
    assert.deepEqual([chunks, end.kind, state.wireBytes], [['a,b\n'], 'broken', 4]);
  });

  it('keeps the connection when a complete body is dropped, and gives it up when more would come', () => {
    const whole = startExchange();
    whole.state.begin(HEAD);
    whole.state.finish(COMPLETE);
    whole.state.drop();
    assert.deepEqual(whole.calls, ['release']);
    const part = startExchange();
    part.state.begin(HEAD);
    part.state.drop();
    part.state.drop();
    assert.deepEqual(part.calls, ['release', 'abort']);
  });

  it('holds the sender back until the reader has caught up', async () => {
    const { state, calls } = startExchange();
    state.begin(HEAD);
    let release = () => {};
    const read = state.read(() => new Promise<void>((resolve) => (release = resolve)));
    state.push(Buffer.from('a'));
    assert.deepEqual(calls, ['pause']);
    release();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(calls, ['pause', 'resume']);
    state.finish(COMPLETE);
    assert.deepEqual(await read, COMPLETE);
  });
});
