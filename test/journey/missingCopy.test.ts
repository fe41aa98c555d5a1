import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { ArchiveEvent } from '../../plugin/notify/Listener.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

describe('a copy whose bytes the store has lost', () => {
  let portal: ShownPortal;
  afterEach(() => portal.close());

  async function open(storeCheckShare: number) {
    portal = await ShownPortal.open({ settings: { storeCheckShare } });
    portal.authorize = () => true;
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n', headers: { ETag: '"1"', 'Cache-Control': 'max-age=86400' } });
    await portal.archived('r1', '/one.csv');
    const { copies, archivals } = recordsIn(portal.database.knex);
    const newest = async () => (await copies.newest('r1')) ?? assert.fail('no copy');
    const { key } = await newest();
    const events: ArchiveEvent[] = [];
    portal.archiver.on((event) => void events.push(event));
    const sweep = async () => {
      const before = await archivals.get('r1');
      await portal.database.knex('archiver.archival').update({ next_check_at: new Date(0) });
      await portal.archiver.archive.sweep({ dryRun: false });
      await until(async () => {
        const checkedAt = (await archivals.get('r1'))?.checkedAt ?? null;
        return Number(checkedAt) > Number(before?.checkedAt) && portal.isTold('r1', checkedAt);
      });
      return (await archivals.get('r1'))?.code;
    };
    const lose = () => rm(join(portal.folder, key));
    return { key, newest, events, sweep, lose };
  }

  it('answers 404, is fetched anew when somebody asks, and is told to listeners and to the operator', async () => {
    const { key, newest, events, lose } = await open(0);
    await lose();
    for (const answer of [await portal.agent().get(`/${key}`), await portal.agent().head(`/${key}`)]) {
      assert.deepEqual([answer.status, answer.get('content-type')], [404, 'application/problem+json; charset=utf-8']);
    }
    const { body: run } = await portal.agent().post('/resources/r1/archive').expect(202);
    await portal.ended(run.id);
    const copy = await newest();
    assert.notEqual(copy.key, key);
    await portal.agent().get(`/${copy.key}`).expect(200);
    const missing = events.find(({ name }) => name === 'archive.missing') ?? assert.fail('no event');
    assert.deepEqual([missing.resourceId, missing.cacheUrl?.endsWith(key)], ['r1', true]);
    assert.deepEqual(portal.logged.at(-1), {
      level: 'error',
      message: 'a copy was missing in the store',
      fields: { resourceId: 'r1' },
    });
    assert.deepEqual(portal.requests, ['/one.csv', '/one.csv']);
  });

  it('is found by a sweep that looks for all that is still fresh, and by none that looks for nothing', async () => {
    const all = await open(1);
    assert.equal(await all.sweep(), 'still-fresh');
    await all.lose();
    assert.equal(await all.sweep(), 'archived');
    await portal.close();
    const none = await open(0);
    await none.lose();
    assert.equal(await none.sweep(), 'still-fresh');
    assert.deepEqual(
      none.events.map(({ name }) => name).filter((name) => name === 'archive.missing'),
      [],
    );
  });
});
