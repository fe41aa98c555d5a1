import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { inSpan } from '../../plugin/trace/inSpan.ts';
import { ShownPortal } from '../support/shownPortal.ts';

describe('the spans of OpenTelemetry', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  let portal: ShownPortal;

  before(() => {
    // As a portal does that sets it up after it has loaded the plugin.
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  after(async () => {
    trace.disable();
    context.disable();
    await provider.shutdown();
  });
  beforeEach(async () => {
    portal = await ShownPortal.open();
    exporter.reset();
  });
  afterEach(() => portal.close());

  const parentOf = (span: ReadableSpan, all: readonly ReadableSpan[]) =>
    all.find((one) => one.spanContext().spanId === span.parentSpanContext?.spanId)?.name ?? null;

  it('show a journey and what it did, with how it ended and without its URL', async () => {
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('r1', '/one.csv');
    const spans = exporter.getFinishedSpans();
    assert.deepEqual(
      spans.map((span) => [span.name, parentOf(span, spans)]),
      [
        ['archiver.fetch', 'archiver.journey'],
        ['archiver.stage', 'archiver.journey'],
        ['archiver.record', 'archiver.journey'],
        ['archiver.journey', null],
      ],
    );
    const { attributes } = spans.at(-1) ?? assert.fail('no span');
    assert.deepEqual(
      [attributes['archiver.resource.id'], attributes['archiver.lane'], attributes['archiver.code']],
      ['r1', 'priority', 'archived'],
    );
    assert.equal(spans[0]?.attributes['http.response.status_code'], 200);
    assert.ok(!JSON.stringify(spans.map((span) => span.attributes)).includes(portal.urlOf('')));
  });

  it('are no errors for a link that is broken', async () => {
    await portal.archived('r2', '/none.csv');
    const spans = exporter.getFinishedSpans();
    assert.ok(spans.every(({ status }) => status.code === SpanStatusCode.UNSET));
    assert.equal(spans.at(-1)?.attributes['archiver.code'], 'gone');
  });

  it('are errors for a service of ours that fails, by its code', async () => {
    const failure = Object.assign(new Error('the database is away'), { code: 'database-failed' });
    await assert.rejects(
      inSpan('archiver.record', {}, () => Promise.reject(failure)),
      failure,
    );
    const [span] = exporter.getFinishedSpans();
    assert.deepEqual(span?.status, { code: SpanStatusCode.ERROR, message: 'the database is away' });
    assert.equal(span?.attributes['error.type'], 'database-failed');
  });
});
