import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';

interface Event {
  readonly kind: string;
  readonly code: string | null;
  readonly key: string | null;
  readonly previousKey: string | null;
}

describe('the history of a resource', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    portal = await ShownPortal.open();
  });
  afterEach(() => portal.close());

  const fileOf = (body: string) => portal.files.set('/one.csv', { body });
  const events = async (query = '') => (await portal.agent().get(`/resources/r1/events${query}`).expect(200)).body;

  async function again(): Promise<void> {
    const { body } = await portal.agent().post('/resources/r1/archive').set('Authorization', 'admin').expect(202);
    await portal.ended(body.id);
  }

  async function threeVersions(): Promise<void> {
    fileOf('a,b\n1,2\n');
    await portal.archived('r1', '/one.csv');
    await again();
    fileOf('a,b\n1,2\n3,4\n');
    await again();
    portal.files.delete('/one.csv');
    await again();
  }

  it('holds each change of its state with the copies before and after, and nothing of checks that found none', async () => {
    await threeVersions();
    const all: { events: Event[]; next: string | null } = await events();
    const [gone, second, first, begin] = all.events;
    const { copies } = (await portal.agent().get('/resources/r1').expect(200)).body;
    const [newest, oldest] = copies.map(({ key }: { key: string }) => key);
    assert.deepEqual([gone?.kind, gone?.code, gone?.key], ['code', 'gone', null]);
    assert.deepEqual([second?.kind, second?.key, second?.previousKey], ['copy', newest, oldest]);
    assert.deepEqual([first?.kind, first?.key, first?.previousKey], ['copy', oldest, null]);
    assert.deepEqual([begin?.kind, begin?.code, all.events.length, all.next], ['code', 'archived', 4, null]);
  });

  it('is answered page by page, of a private dataset to nobody who may not read it, and refuses what is no page', async () => {
    await threeVersions();
    const page = await events('?limit=3');
    const rest = await portal
      .agent()
      .get(new URL(page.next).pathname.replace('/archiver', '') + new URL(page.next).search);
    assert.deepEqual([page.events.length, rest.body.events.length, rest.body.next], [3, 1, null]);
    await portal.agent().get('/resources/r1/events?after=x').expect(400);
    await portal.agent().get('/resources/none/events').expect(404);
    await portal.archived('hidden', '/one.csv', 'secret');
    await portal.agent().get('/resources/hidden/events').expect(404);
    await portal.agent().get('/resources/hidden/events').set('Authorization', 'admin').expect(200);
  });

  it('remembers the newest twenty attempts for those who look after the archive, and sums of each day', async () => {
    fileOf('a\n1\n');
    await portal.archived('r1', '/one.csv');
    for (let time = 1; time < 22; time++) await again();
    await portal.agent().get('/resources/r1/attempts').expect(403);
    const { body } = await portal.agent().get('/resources/r1/attempts').set('Authorization', 'admin').expect(200);
    const { attempts }: { attempts: { at: string; code: string; detail: unknown }[] } = body;
    assert.equal(attempts.length, 20);
    assert.ok(attempts.every(({ code, detail }) => code !== 'archived' && detail === null));
    assert.deepEqual(
      attempts.map(({ at }) => at),
      attempts
        .map(({ at }) => at)
        .toSorted()
        .reverse(),
    );

    const { histories } = recordsIn(portal.database.knex);
    const host = new URL(portal.urlOf('/')).host;
    for (const name of [host, null]) {
      const sums = await histories.daySums(name, new Date(Date.now() - 1000));
      assert.equal(
        sums.reduce((sum, day) => sum + day.attempts, 0),
        22,
      );
      assert.equal(sums.find(({ code }) => code === 'archived')?.attempts, 1);
    }
    await histories.dropHostDaysBefore(new Date(Date.now() + 48 * 3_600_000));
    assert.deepEqual(await histories.daySums(host, new Date(0)), []);
    assert.notDeepEqual(await histories.daySums(null, new Date(0)), []);
  });

  it('says that it left the portal, and forgets its attempts', async () => {
    await threeVersions();
    const { archivals, histories } = recordsIn(portal.database.knex);
    await archivals.forget(['r1']);
    const [last] = await histories.changesOf('r1', { after: null, limit: 1 });
    assert.deepEqual([last?.kind, last?.previousCode], ['removed', 'gone']);
    assert.deepEqual(await histories.attemptsOf('r1'), []);
  });
});
