import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ArchiveEvent } from '../../plugin/notify/Listener.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';
import { zipFile } from '../support/zipFile.ts';

describe('a file that something speaks against', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    portal = await ShownPortal.open({ settings: { retryDelaysMs: [10, 10, 10] } });
  });
  afterEach(() => portal.close());

  async function archiveAgain(): Promise<void> {
    portal.authorize = () => true;
    const { body: run } = await portal.agent().post('/resources/r1/archive').expect(202);
    await portal.ended(run.id);
  }

  it('for good is read twice, archived, and read once from then on: a digest that is always wrong', async () => {
    const headers = { 'Content-MD5': createHash('md5').update('another file').digest('base64') };
    const { copies } = recordsIn(portal.database.knex);
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n', headers });
    await portal.archived('r1', '/one.csv');
    assert.deepEqual([portal.requests.length, (await copies.listByResource('r1')).length], [2, 1]);
    portal.files.set('/one.csv', { body: 'a,b\n3,4\n', headers });
    await archiveAgain();
    assert.deepEqual([portal.requests.length, (await copies.listByResource('r1')).length], [3, 2]);
  });

  it('that ends in the middle replaces a good copy after a second read, and is told to listeners and to the operator', async () => {
    const events: ArchiveEvent[] = [];
    portal.archiver.on((event) => void events.push(event));
    const { copies } = recordsIn(portal.database.knex);
    const whole = zipFile([{ name: 'stops.txt', content: 'a,b\n'.repeat(500) }]);
    portal.files.set('/one.zip', { body: whole, headers: { 'Content-Type': 'application/zip' } });
    await portal.archived('r1', '/one.zip');
    assert.ok(events.every(({ name }) => name !== 'archive.suspect'));

    portal.files.set('/one.zip', { body: whole.subarray(0, 1000), headers: { 'Content-Type': 'application/zip' } });
    await archiveAgain();
    assert.deepEqual([portal.requests.length, (await copies.listByResource('r1')).length], [3, 2]);
    await until(() => events.some(({ name }) => name === 'archive.suspect'));
    const { key } = (await copies.newest('r1')) ?? assert.fail('no copy');
    const told = events.filter(({ name }) => name === 'archive.suspect');
    const reason = 'The file ends in the middle: it is a ZIP without the directory at its end.';
    assert.deepEqual(
      told.map((event) => [event.resourceId, event.code, event.reason, event.cacheUrl?.endsWith(key)]),
      [['r1', 'archived', reason, true]],
    );
    const fields = { resourceId: 'r1', reason };
    const { body: shown } = await portal.agent().get('/resources/r1/events').expect(200);
    const [change] = shown.events.filter(({ kind }: { kind: unknown }) => kind === 'suspect');
    assert.deepEqual([change?.key, change?.reason], [key, reason]);
    const warned = () => portal.logged.filter(({ message }) => message === 'a copy is suspect');
    await until(() => warned().length > 0);
    assert.deepEqual(warned(), [{ level: 'warn', message: 'a copy is suspect', fields }]);
  });

  it('because it says that it is a part of more is shown as such, and its next version for itself', async () => {
    const rows = (...members: string[]) => `{${[...members, '"features":[]', '"type":"FeatureCollection"'].join(',')}}`;
    const headers = { 'Content-Type': 'application/geo+json' };
    const shown = async () => {
      const { body } = await portal.agent().get('/resources/r1').expect(200);
      return body.copies.map(({ partial }: { partial: unknown }) => partial);
    };
    portal.files.set('/one.geojson', { body: rows('"numberMatched":9', '"numberReturned":1'), headers });
    await portal.archived('r1', '/one.geojson');
    assert.deepEqual(await shown(), [true]);
    portal.files.set('/one.geojson', { body: rows('"numberMatched":9', '"numberReturned":9'), headers });
    await archiveAgain();
    assert.deepEqual(await shown(), [false, true]);
  });

  it('is no part for a worker of the version before, which knows of no such mark', async () => {
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('r1', '/one.csv');
    const { knex } = portal.database;
    const { id: _, partial, ...row } = await knex('archiver.copy').first('*');
    assert.equal(partial, false);
    await knex('archiver.copy').insert({ ...row, key: `${row.key}2` });
    const { copies } = recordsIn(knex);
    assert.deepEqual(
      (await copies.listByResource('r1')).map((copy) => copy.partial),
      [false, false],
    );
  });
});
