import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';

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
});
