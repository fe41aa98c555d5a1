import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import parse from 'parse-prometheus-text-format';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

const TOKEN = 'a-token-of-thirty-two-characters';

describe('GET /metrics', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    portal = await ShownPortal.open({ settings: { metricsToken: TOKEN } });
  });
  afterEach(() => portal.close());

  const scrape = (headers: Record<string, string> = { Authorization: `Bearer ${TOKEN}` }) =>
    portal.agent().get('/metrics').set(headers).buffer(true);

  it('tells what all workers counted, and how things stand, in the text format that Prometheus reads', async () => {
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('r1', '/one.csv');
    await portal.archived('r2', '/none.csv');
    // The job ends a moment after what it recorded.
    await until(async () => /^archiver_queue_jobs\{state="running"\} 0$/m.test((await scrape()).text));
    const { text, headers } = await scrape().expect(200);
    assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
    const families = new Map(parse(text).map((family) => [family.name, family]));
    const shown = (name: string, labels: Record<string, string> = {}) =>
      families.get(name)?.metrics.find((metric) => JSON.stringify(metric.labels ?? {}) === JSON.stringify(labels))
        ?.value;
    assert.equal(shown('archiver_archivals_total', { code: 'archived', lane: 'priority' }), '1');
    assert.equal(shown('archiver_archivals_total', { code: 'gone', lane: 'priority' }), '1');
    assert.equal(shown('archiver_requests_total'), '2');
    assert.equal(shown('archiver_stored_bytes_total'), '8');
    assert.equal(shown('archiver_copies'), '1');
    assert.equal(shown('archiver_copies_bytes'), '8');
    assert.equal(shown('archiver_up', { check: 'database' }), '1');
    assert.equal(shown('archiver_queue_jobs', { state: 'running' }), '0');
    const [histogram] = families.get('archiver_fetch_duration_seconds')?.metrics ?? [];
    assert.deepEqual([histogram?.count, histogram?.buckets?.['+Inf']], ['2', '2']);
    assert.ok(!/r1|r2|127\.0\.0\.1/.test(text), 'no label names a host or a resource');
  });

  it('speaks OpenMetrics to who asks for it', async () => {
    const accept = 'application/openmetrics-text; version=1.0.0';
    const { text, headers } = await scrape({ Authorization: `Bearer ${TOKEN}`, Accept: accept })
      .parse((response, done) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk));
        response.on('end', () => done(null, body));
      })
      .expect(200)
      .then(({ body, headers: sent }) => ({ text: String(body), headers: sent }));
    assert.match(headers['content-type'] ?? '', /^application\/openmetrics-text; version=1\.0\.0/);
    assert.match(text, /^# TYPE archiver_requests counter\narchiver_requests_total 0$/m);
    assert.ok(text.endsWith('# EOF\n'));
  });

  it('is for who has the token or may see the report, and for nobody else', async () => {
    await scrape({}).expect(403);
    await scrape({ Authorization: 'Bearer another-token-of-thirty-two-charac' }).expect(403);
    await scrape({ Authorization: 'admin' }).expect(200);
    await scrape().expect(200);
  });
});
