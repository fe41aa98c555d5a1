import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Code } from '../../plugin/model/status.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const CSV = 'a,b\n1,2\n';
/** One request at a time: whoever holds the only place of the host holds up everybody. */
const ONE_PLACE = { hostConcurrency: 1, retryDelaysMs: [60_000, 60_000, 60_000] };
const LANES = ['priority', 'bulk'] as const;

describe('what stands in for a file', () => {
  let portal: ShownPortal;
  afterEach(() => portal.close());

  async function open(settings: Readonly<Record<string, unknown>>): Promise<void> {
    portal = await ShownPortal.open({ settings });
    portal.authorize = () => true;
  }

  const records = () => recordsIn(portal.database.knex);
  const codeOf = async (id: string): Promise<Code | null> => (await records().archivals.get(id))?.code ?? null;

  /** In the one lane saved, in the other found by a sweep, in this order. */
  async function offer(lane: (typeof LANES)[number], ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      if (lane === 'priority') await portal.save(id, `/${id}.csv`);
      else await addResource(portal.database.knex, id, portal.urlOf(`/${id}.csv`));
    }
    if (lane === 'bulk') await portal.archiver.archive.sweep({ dryRun: false });
  }

  for (const lane of LANES) {
    it(`ten bot walls cost their host one request each, and the eleventh file of it is archived beside them (${lane})`, async () => {
      await open({ ...ONE_PLACE, hostBurst: 20 });
      const walls = Array.from({ length: 10 }, (_, index) => `wall${index}`);
      const headers = { 'x-amzn-waf-action': 'challenge' };
      for (const id of walls) portal.files.set(`/${id}.csv`, { body: '', status: 202, headers });
      portal.files.set('/eleventh.csv', { body: CSV });
      await offer(lane, [...walls, 'eleventh']);
      await until(async () => (await codeOf('eleventh')) === 'archived', 60);
      await until(async () => (await records().archivals.getMany(walls)).every(({ code }) => code === 'forbidden'), 60);
      // None is polled, nor tried again: what politeness asks of the eleventh is to wait for ten requests, no more.
      assert.deepEqual([...portal.requests].sort(), ['/eleventh.csv', ...walls.map((id) => `/${id}.csv`)].sort());
      const { state, error } = (await records().taskStatus.get('wall0')) ?? assert.fail('no task_status');
      assert.equal(state, 'failure');
      assert.match(error, /^A bot wall /);
    });

    const preparing: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ['tells of its state in JSON', { 'Content-Type': 'application/json' }],
      ['says when to come again', { 'Retry-After': '1' }],
    ];
    for (const [what, headers] of preparing) {
      it(`a server that prepares a file and ${what} is polled, and no place of its host waits with it (${lane})`, async () => {
        await open({ ...ONE_PLACE, hostBurst: 20 });
        portal.files.set('/slow.csv', { body: '{"status":"running"}', status: 202, headers });
        portal.files.set('/other.csv', { body: CSV });
        await offer(lane, ['slow']);
        await until(() => portal.requests.includes('/slow.csv'), 60);
        // It is not ready before the other file has been archived, for which there is the one place only.
        await offer(lane, ['other']);
        await until(async () => (await codeOf('other')) === 'archived', 60);
        await until(async () => {
          const { state, error = '' } = (await records().taskStatus.get('slow')) ?? {};
          return state === 'pending' && error.includes('still preparing the file: 202 Accepted');
        });
        portal.files.set('/slow.csv', { body: CSV });
        await until(async () => (await codeOf('slow')) === 'archived', 60);
      });
    }
  }

  for (const [tool, body] of [
    ['Git LFS', `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d7a'.repeat(16)}\nsize 1041415\n`],
    ['git-annex', `/annex/objects/SHA256E-s1041415--${'9f86'.repeat(16)}.csv\n`],
    ['DVC', `outs:\n- md5: ${'a1b2'.repeat(8)}\n  size: 1041415\n  hash: md5\n  path: one.csv\n`],
  ] as const) {
    it(`a pointer of ${tool} replaces no copy, and the link is told to be no data`, async () => {
      await open({});
      portal.files.set('/one.csv', { body: CSV });
      await portal.archived('r1', '/one.csv');
      const row = () => portal.database.knex('resource').where({ id: 'r1' }).first('cache_url', 'hash', 'size');
      const before = await row();
      assert.match(before.cache_url, /\/one\.csv$/);

      portal.files.set('/one.csv', { body, headers: { 'Content-Type': 'text/plain' } });
      const { body: run } = await portal.agent().post('/resources/r1/archive').expect(202);
      await portal.ended(run.id);
      const { body: shown } = await portal.agent().get('/resources/r1').expect(200);
      assert.deepEqual([shown.code, shown.copies.length], ['not-data', 1]);
      const { cache_url, hash } = await row();
      assert.deepEqual([cache_url, hash], [before.cache_url, before.hash]);
      const key = shown.copies[0].key;
      assert.equal((await portal.agent().get(`/${key}`).expect(200)).text, CSV);
    });
  }
});
