import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { badgeOf } from '../../examples/portal/pageViews.ts';
import { ShownPortal } from '../support/shownPortal.ts';

const GONE = 'The server says that there is no such file: 404 Not Found.';

describe('a link that stops working', () => {
  let portal: ShownPortal;
  before(async () => {
    portal = await ShownPortal.open({ settings: { confirmFailures: 3 } });
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n', headers: { 'Cache-Control': 'no-store' } });
    await portal.archived('r1', '/one.csv', 'd1');
  });
  after(() => portal.close());

  async function archiveAgain(): Promise<void> {
    const { body } = await portal.agent().post('/resources/r1/archive').set('Authorization', 'admin').expect(202);
    await portal.ended(body.id);
  }

  /** What everybody is told who asks for it: routes, the portal's own process, CKAN's clients, pages, counts. */
  async function told() {
    const [route, dataset] = [
      (await portal.agent().get('/resources/r1').expect(200)).body,
      (await portal.agent().get('/datasets/d1').expect(200)).body,
    ];
    const [status] = await portal.archiver.archive.status(['r1']);
    assert.ok(status);
    const ckan = (await portal.archiver.archive.archiverBlocks(['r1'])).get('r1');
    const row = await portal.archiver.archive.taskStatus({ resourceId: 'r1' });
    const value = JSON.parse(row?.value ?? '');
    assert.deepEqual([value.lastAttempt.code, value.lastAttempt.at], [route.lastAttempt.code, route.lastAttempt.at]);
    assert.deepEqual([value.code, value.status], [ckan?.code, ckan?.status]);
    assert.equal(route.confirmed?.code ?? route.code, ckan?.code);
    const { counts } = await portal.archiver.archive.overview();
    const { at, ...lastAttempt } = route.lastAttempt;
    assert.equal(at, route.checkedAt);
    assert.deepEqual(status.lastAttempt, { ...lastAttempt, at: new Date(at) });
    return {
      broken: [route.broken, dataset.resources[0].broken, status.broken, ckan?.is_broken, value.is_broken],
      counts: counts.map(({ code, broken }) => [code, broken]),
      badge: badgeOf(status).kind,
      printable: ckan?.is_broken_printable,
      task: [row?.state, value.code, row?.error],
      last: [lastAttempt.code, lastAttempt.broken],
    };
  }

  it('is unsure after one failure and after two, and broken once it is confirmed; what was just seen is told all the time', async () => {
    portal.files.delete('/one.csv');
    for (const _ of [1, 2]) {
      await archiveAgain();
      assert.deepEqual(await told(), {
        broken: [null, null, null, null, null],
        counts: [['gone', null]],
        badge: 'unsure',
        printable: 'Not sure if broken',
        task: ['success', 'archived', ''],
        last: ['gone', true],
      });
    }
    await archiveAgain();
    assert.deepEqual(await told(), {
      broken: [true, true, true, true, true],
      counts: [['gone', true]],
      badge: 'broken',
      printable: 'Broken',
      task: ['failure', 'gone', GONE],
      last: ['gone', true],
    });
  });

  it('stays broken while nothing proves that it works, and is not from the first success on', async () => {
    portal.files.set('/one.csv', { body: '<html><p>Not here</p></html>', headers: { 'Content-Type': 'text/html' } });
    await archiveAgain();
    const refused = await told();
    assert.deepEqual([refused.broken[0], refused.last], [true, ['not-data', null]]);
    assert.deepEqual(refused.task, ['failure', 'gone', GONE]);
    portal.files.set('/one.csv', { body: 'a,b\n3,4\n' });
    await archiveAgain();
    assert.deepEqual(await told(), {
      broken: [false, false, false, false, false],
      counts: [['archived', false]],
      badge: 'good',
      printable: 'Downloaded OK',
      task: ['success', 'archived', ''],
      last: ['archived', false],
    });
  });
});
