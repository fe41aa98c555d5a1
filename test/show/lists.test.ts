import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

describe('the lists for machines', () => {
  let portal: ShownPortal;
  before(async () => {
    portal = await ShownPortal.open({ settings: { confirmFailures: 1 } });
    await portal.database.knex('package').insert({ id: 'd1', name: 'one', title: 'One', private: false });
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    for (const [id, path] of [
      ['r1', '/one.csv'],
      ['r2', '/none.csv'],
      ['r3', '/one.csv?copy'],
    ] as const)
      await portal.archived(id, path);
  });
  after(() => portal.close());

  const list = async (path: string, status = 200) =>
    (await portal.agent().get(path).set('Authorization', 'admin').expect(status)).body;
  const ids = ({ resources }: { resources: { id: string }[] }) => resources.map(({ id }) => id);

  it('hold each resource with how its link stands, and its newest good copy', async () => {
    const [works] = (await list('/resources')).resources;
    assert.deepEqual(
      [works.id, works.dataset, works.broken, works.code, works.organisation, works.copy.bytes],
      [
        'r1',
        { id: 'd1', name: 'one', title: 'One', pageUrl: 'http://portal.example/dataset/one' },
        false,
        'archived',
        null,
        8,
      ],
    );
  });

  it('are narrowed by what is asked for', async () => {
    assert.deepEqual(ids(await list('/resources?broken=true')), ['r2', 'r3']);
    assert.deepEqual(ids(await list('/resources?broken=false')), ['r1']);
    assert.deepEqual(ids(await list('/resources?broken=null')), []);
    assert.deepEqual(ids(await list('/resources?code=gone&dataset=d1')), ['r2', 'r3']);
    assert.deepEqual(ids(await list('/resources?dataset=other')), []);
    const { host } = new URL(portal.urlOf('/'));
    assert.equal(ids(await list(`/resources?host=${encodeURIComponent(host)}`)).length, 3);
    assert.equal(ids(await list('/resources?changedSince=2020-01-01T00:00:00Z')).length, 3);
    assert.equal(ids(await list('/resources?changedSince=2100-01-01T00:00:00Z')).length, 0);
  });

  it('lead from page to page with the same filters', async () => {
    const found: string[] = [];
    for (let path: string | null = '/resources?broken=true&limit=1'; path !== null; ) {
      const page: { resources: { id: string }[]; next: string | null } = await list(path);
      found.push(...ids(page));
      path = page.next === null ? null : page.next.slice(page.next.indexOf('/resources'));
    }
    assert.deepEqual(found, ['r2', 'r3']);
  });

  it('are of hosts and of organisations, too', async () => {
    const counted = JSON.stringify([{ archived: 1, broken: 2, unsure: 0, unfetched: 0 }]);
    // Those of hosts are added up every few seconds.
    await until(async () => {
      const { hosts, next } = await list('/hosts?contains=127.0');
      return next === null && JSON.stringify(hosts.map(({ links }: { links: object }) => links)) === counted;
    }, 60);
    const { organisations } = await list('/organisations');
    assert.deepEqual(
      organisations.map(({ id, all }: { id: string; all: object }) => [id, all]),
      [['', { archived: 1, broken: 2, unsure: 0, unfetched: 0 }]],
    );
  });

  it('refuse what is no parameter, by its name', async () => {
    const { detail } = await list('/resources?brokn=true&broken=maybe&limit=0&changedSince=yesterday', 400);
    assert.match(detail, /brokn is no parameter/);
    assert.match(detail, /broken must be .*: true, false, null/);
    assert.match(detail, /limit is a whole number, 1 to 1000/);
    assert.match(detail, /changedSince must match format/);
    await list('/resources?after=nonsense', 400);
    await list('/organisations?after=nobody', 400);
    await list('/hosts?limit=1&limit=2', 400);
  });

  it('are for who may see the report', async () => {
    for (const path of ['/resources', '/hosts', '/organisations']) await portal.agent().get(path).expect(403);
  });
});
