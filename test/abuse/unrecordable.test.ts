import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { plainText, storableText } from '../../plugin/decide/plainText.ts';
import { Trace } from '../../plugin/fetch/outcome/trace.ts';
import { toAttempt } from '../../plugin/fetch/toAttempt.ts';
import type { Resource } from '../../plugin/model/resource.ts';
import { storableCatalog } from '../../plugin/portal/storableCatalog.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { decide } from '../../plugin/wiring/decision.ts';
import { type TestRecords, testRecords } from '../support/recordFixtures.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const CONFIG = loadConfig({
  environment: {
    DATABASE_URL: 'postgres://nowhere/x',
    ARCHIVER_WEBHOOKS: JSON.stringify([{ url: 'https://hook.example/', secret: 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0' }]),
  },
});
const MESSAGE = /[\p{Cs}\p{Cc}\p{Bidi_Control}]/u;

/** Any UTF-16 at all, with what databases, terminals and browsers stumble over more often than chance has it. */
const ANY_TEXT = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\0', '\ud83d', '\ude00', '\u202e', '\u2066', '\x1b[2J', '\r\n', '"\\u0000', '😀'.repeat(700)),
    ),
  )
  .map((parts) => parts.join(''));

describe('a text of anybody', () => {
  it('is well-formed, bounded and on one line once it is plain, and stays as it is then', () => {
    fc.assert(
      fc.property(ANY_TEXT, fc.integer({ min: 1, max: 300 }), (text, length) => {
        const plain = plainText(text, length);
        assert.ok([...plain].length <= length && !MESSAGE.test(plain));
        assert.equal(plainText(plain, length), plain);
        assert.ok(!/[\p{Cs}\0]/u.test(storableText(text, length)));
      }),
    );
  });

  it('is not cut in the middle of a character', () => {
    assert.equal(plainText('a😀😀😀', 3), 'a😀…');
    assert.equal(plainText('a😀😀', 3), 'a😀😀');
  });
});

describe('the database', () => {
  let test: TestRecords;
  let runs = 0;
  before(async () => {
    test = await testRecords();
  });
  after(() => test.close());

  it('takes and gives back what a publisher and an editor write, whatever it is', async () => {
    const fields = ['url', 'name', 'format', 'datasetId', 'reason', 'detail', 'field', 'word', 'place'] as const;
    const texts = Object.fromEntries(fields.map((name) => [name, ANY_TEXT])) as Record<
      (typeof fields)[number],
      typeof ANY_TEXT
    >;
    await fc.assert(
      fc.asyncProperty(fc.record(texts), async (written) => {
        runs += 1;
        const resource = await storable({ id: `r${runs}`, urlType: null, ...written });
        const { archivals, copies, taskStatus } = test.records;
        const { id: resourceId, datasetId, url } = resource;
        const how = { lane: 'priority', runId: null, now: new Date() } as const;
        await archivals.request([{ resourceId, datasetId, url, host: '' }], how);
        const lease = await archivals.lease(resourceId, { owner: 'w', leaseMs: 60_000, now: new Date() });
        assert.ok(lease);
        const attempt = attemptWith(written, resourceId);
        const deps = { config: CONFIG, portal: { urls: { site: '', archiver: 'http://a' } }, queueName: 'q' };
        const decision = decide(
          { lease, resource, attempt, unrecorded: null, missing: null, owed: null },
          { ...deps, now: () => new Date() },
        );
        assert.equal(decision.outcome.deliveries.length, 1);
        await archivals.record([decision.outcome]);

        const archival = await archivals.get(resourceId);
        assert.deepEqual(archival?.known, JSON.parse(JSON.stringify(decision.outcome.archival.known)));
        assert.deepEqual([archival?.reason, archival?.url], [attempt.reason, url]);
        assert.equal((await copies.newest(resourceId))?.etag, attempt.validators.etag);
        const { value } = (await taskStatus.get(resourceId)) ?? assert.fail('no task_status');
        assert.equal(JSON.parse(value).reason, attempt.reason);
        for (const text of [attempt.reason, attempt.finalUrl ?? '', ...attempt.evidence])
          assert.doesNotMatch(text, MESSAGE);
      }),
      { numRuns: 60 },
    );
  });
});

async function storable(resource: Resource): Promise<Resource> {
  const catalog = storableCatalog({
    getResource: async () => resource,
    getDataset: async () => null,
    listResources: async () => [],
  });
  return (await catalog.getResource('')) ?? assert.fail('there is a resource');
}

/** A new file, in the answer to which every text is the publisher's. */
function attemptWith(written: Record<'reason' | 'detail' | 'field' | 'word' | 'place', string>, id: string) {
  const { reason, detail, field, word, place } = written;
  const trace = new Trace();
  trace.finalUrl = place;
  trace.evidence.push(reason, word);
  trace.redirects.push({ status: 302, from: place, to: place });
  const named = { mediaType: word, format: word, charset: word, filename: word, service: word };
  const headers = { etag: field, 'last-modified': field, 'x-list': [field, field], 'cache-control': field };
  const request = {
    url: place,
    mode: 'demand',
    known: null,
    declaredFormat: null,
    resourceName: null,
    now: 0,
    keyPrefix: '',
  } as const;
  const body = { bytes: 3, md5: 'a'.repeat(32), sha256: 'b'.repeat(64), ...named };
  const stage = { id: 's', key: `archive/20260101T000000Z/${id}/file.csv`, bytes: 3 };
  const accepted = [
    { at: new Date(0).toISOString(), url: place, mode: 'rule', rule: word, sha256: '', text: reason },
  ] as const;
  const links = [{ url: place, format: word, score: 1, evidence: [reason] }];
  const response = { status: 200, headers };
  const outcome = {
    kind: 'fetched',
    code: 'archived',
    reason,
    detail,
    response,
    body,
    stage,
    accepted,
    links,
  } as const;
  return toAttempt(request, trace, outcome, CONFIG);
}

describe('what cannot be recorded', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    portal = await ShownPortal.open();
  });
  afterEach(() => portal.close());

  /** The database objects to rows of which `condition` is true. */
  async function refuse(table: string, condition: string): Promise<void> {
    await portal.database.knex.raw(`
      create function refuse() returns trigger language plpgsql as $$
      begin raise exception 'not this one' using errcode = '22P05'; end $$;
      create trigger refuse before insert or update on archiver.${table} for each row when (${condition})
      execute function refuse()`);
  }

  it('is settled as internal, counted, put off, told to the operator, and asked for once', async () => {
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await refuse('copy', 'true');
    await portal.archived('r1', '/one.csv');
    const records = recordsIn(portal.database.knex);
    const archival = await records.archivals.get('r1');
    assert.deepEqual([archival?.code, archival?.failureCount, archival?.broken], ['internal', 1, null]);
    assert.equal(archival?.reason, 'What came of the link could not be recorded; the log says why.');
    assert.ok((archival?.nextCheckAt ?? 0) > new Date());
    assert.equal((await records.taskStatus.get('r1'))?.state, 'failure');
    assert.deepEqual(portal.requests, ['/one.csv']);
    const files = await readdir(join(portal.folder, 'archive'), { recursive: true }).catch(() => []);
    assert.deepEqual(
      files.filter((name) => name.endsWith('.csv')),
      [],
    );
    const [{ level, message, fields } = assert.fail('nothing was logged')] = portal.logged;
    assert.deepEqual([level, message], ['error', 'archival ended']);
    assert.match(JSON.stringify(fields), /"resourceId":"r1","code":"internal","attempts":1,"detail":".*not this one/);
  });

  it('is no page whose title is cut in the middle of an emoji, nor an error text in UTF-16', async () => {
    const title = (start: string) =>
      `<!DOCTYPE html><html><head><title>${start}${'😀'.repeat(600)}</title></head></html>`;
    const headers = { 'Content-Type': 'text/html' };
    for (const start of ['', 'a', '\0', '\u202e']) {
      portal.files.set('/page', { body: title(start), headers });
      await portal.archived(`r${start.codePointAt(0)}`, '/page');
    }
    portal.files.set('/utf16', { body: Buffer.from('<error>Not \0 today</error>', 'utf16le') });
    await portal.archived('utf16', '/utf16');
    assert.deepEqual(portal.logged, []);
    assert.equal(portal.requests.length, 5);
  });

  it('is left out of its page by the sweep, by archive all and by the relay, and costs the others nothing', async () => {
    const { knex } = portal.database;
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await refuse('archival', `new.resource_id = 'bad'`);
    const longHost = `http://${'a'.repeat(5500)}.example/x.csv`;
    for (const id of ['bad', 'good', 'later']) await addResource(knex, id, portal.urlOf('/one.csv'));
    await addResource(knex, 'long', longHost);
    const records = recordsIn(knex);
    const codes = async () => {
      const archivals = await records.archivals.getMany(['bad', 'good', 'later', 'long']);
      return archivals.map(({ resourceId, code }) => `${resourceId} ${code}`).sort();
    };
    const whole = ['good archived', 'later archived', 'long invalid-url'];

    await portal.archiver.archive.sweep({ dryRun: false });
    await until(async () => (await codes()).join() === whole.join());
    const all = await portal.archiver.archive.requestAll();
    await portal.ended(all.kind === 'accepted' ? all.run.id : assert.fail(all.kind));
    await portal.archiver.hooks.afterDatasetUpdate({ datasetId: 'd1', resourceId: null });
    await until(async () => (await records.outbox.backlog()).count === 0);
    assert.deepEqual(await codes(), ['good same-hash', 'later same-hash', 'long invalid-url']);
    const refused = () => portal.logged.filter(({ level }) => level === 'error');
    await until(() => refused().length >= 3);
    for (const { message, fields } of refused()) {
      assert.equal(message, 'the database refuses a resource as data; it is left out');
      assert.ok(JSON.stringify(fields).length < 1300);
    }
  });
});
