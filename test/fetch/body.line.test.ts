import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BodyLine, type LineInput } from '../../plugin/fetch/body/bodyLine.ts';
import { HeldBytes } from '../../plugin/fetch/body/heldBytes.ts';
import { LocalHasher } from '../../plugin/fetch/digest/bodyHasher.ts';
import { fetchOnce, MemoryStages, requestFor } from '../support/fetching.ts';
import { head, OddServer, send } from '../support/oddServer.ts';

const PAGE = `<!doctype html><title>Not found</title><p>${'no such file '.repeat(10_000)}`;
const ROWS = `id,value\n${'1,alpha\n'.repeat(20_000)}`;

/** A line of a CSV file, and how often it told its owner to stop. */
function lineOf(more: Partial<LineInput> = {}): { line: BodyLine; stops: number[] } {
  const stops: number[] = [];
  const headers = { 'content-type': 'text/csv' };
  const line = new BodyLine({
    headers,
    codings: [],
    settings: { maxBytes: 10 * 1024 * 1024, maxDecodedRatio: 1000, maxDecodeMs: 60_000 },
    classify: {
      headers,
      request: requestFor('http://x.example/data.csv'),
      finalUrl: 'http://x.example/data.csv',
      expects: 'anything',
    },
    stages: null,
    held: new HeldBytes(),
    hasher: () => new LocalHasher(),
    isKnown: () => false,
    onStop: () => stops.push(1),
    ...more,
  });
  return { line, stops };
}

const codeOf = ({ stopped }: BodyLine) => stopped?.failure.code ?? null;

describe('the line of stages that a body passes', () => {
  it('takes bytes without a promise as long as nobody is waited for', async () => {
    const { line } = lineOf();
    assert.equal(line.push(Buffer.from(ROWS)), null);
    assert.equal(await line.end(false), 'more');
    const { bytes, hashes } = await line.read();
    assert.deepEqual([bytes, hashes.md5.length, line.classifier.found?.format], [ROWS.length, 32, 'CSV']);
  });

  it('asks for the time of the processors only where something is decoded', async (t) => {
    const asked = t.mock.method(process, 'cpuUsage').mock;
    const { line } = lineOf();
    line.push(Buffer.from(ROWS));
    await line.end(false);
    await line.read();
    assert.equal(asked.callCount(), 0);
    const coded = lineOf({ codings: ['gzip'] }).line;
    await coded.push(gzipSync(ROWS));
    assert.equal(await coded.end(false), 'more');
    assert.equal(asked.callCount(), 1);
  });

  it('stops for the first reason, and tells its owner once', async () => {
    const { line, stops } = lineOf({ settings: { maxBytes: 200_000, maxDecodedRatio: 1000, maxDecodeMs: 60_000 } });
    line.push(Buffer.from(PAGE));
    line.push(Buffer.from(PAGE));
    assert.deepEqual([codeOf(line), stops.length], ['not-data', 1]);
    const step = await line.end(false);
    assert.equal(step, line.stopped);
    await line.abandon();
  });

  it('ends with what only the end shows', async () => {
    const short = lineOf().line;
    short.push(Buffer.from('<!doctype html><p>no such file'));
    await short.end(false);
    assert.deepEqual([codeOf(short), short.stopped?.bytes], ['not-data', 30]);
    const empty = lineOf().line;
    await empty.end(false);
    assert.equal(codeOf(empty), 'empty');
    const cut = lineOf({ codings: ['gzip'] }).line;
    await cut.push(gzipSync(ROWS).subarray(0, -20));
    await cut.end(true);
    assert.equal(codeOf(cut), 'truncated');
    await cut.abandon();
  });

  it('stages a body that is declared to be long as soon as it is known what it is', async () => {
    const stages = new MemoryStages();
    const rows = Buffer.from(ROWS);
    const { line } = lineOf({ stages, isLong: true });
    await line.push(rows.subarray(0, 60_000));
    assert.equal(stages.open, 0);
    await line.push(rows.subarray(60_000));
    assert.equal(stages.open, 1);
    assert.equal(await line.end(false), 'more');
    const read = await line.read();
    assert.equal(read.hashes.md5, createHash('md5').update(rows).digest('hex'));
    const stage = await line.finish(read);
    assert.deepEqual([stages.keys.length, stage?.bytes], [1, rows.length]);
    assert.match(stage?.key ?? '', /data\.csv$/);
  });

  it('leaves no stage behind when it is abandoned while one is being opened', async () => {
    const stages = new MemoryStages();
    let open: () => void = () => undefined;
    const opening = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow = {
      stage: async (key: string) => {
        await opening;
        return stages.stage(key);
      },
      stageWhole: (key: string, body: Uint8Array) => stages.stageWhole(key, body),
    };
    const { line } = lineOf({ stages: slow });
    const pushed = line.push(Buffer.from(ROWS.repeat(10)));
    const abandoned = line.abandon();
    open();
    await Promise.all([pushed, abandoned]);
    assert.deepEqual([stages.open, stages.abandoned], [0, 1]);
  });

  it('refuses a page by its decoded bytes when the rest of it never comes', async () => {
    const body = gzipSync(PAGE);
    const stalled = send(
      head(200, { 'content-encoding': 'gzip', 'content-length': String(body.length + 100_000) }),
      body,
    );
    const server = await OddServer.start({ '*': stalled });
    const { code, wireBytes } = await fetchOnce(server, '/data.csv', { settings: { idleTimeoutMs: 1500 } });
    assert.deepEqual([code, wireBytes], ['not-data', body.length]);
  });
});
