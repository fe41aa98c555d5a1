import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Knex } from 'knex';
import { isBroken } from '../../plugin/decide/isBroken.ts';
import type { LinkFilter, LinkOrder, LinkState, ReportedLink } from '../../plugin/record/ReportedLinks.ts';
import type { ReportView } from '../../plugin/record/Reports.ts';
import { NAMES } from '../support/migratedDatabase.ts';
import { copyFor, outcomeOf, requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const VIEW: ReportView = { confirmFailures: 3, site: 'https://data.example', now: NOW };
const HOUR_MS = 3_600_000;
const OWNERS = ['land', 'sea', 'sky'];

const add = (counts: Record<LinkState, number>) => counts.archived + counts.broken + counts.unsure + counts.unfetched;

describe('reports', () => {
  let test: TestRecords;
  before(async () => {
    test = await testRecords();
    await fill(test);
  });
  after(() => test.close());

  it('count every link as decide/isBroken has it, before and after the counts are added up', async () => {
    const { knex, records } = test;
    const rows = await knex('archiver.archival').select('code', 'broken', 'link_failure_count');
    const expected = { archived: 0, broken: 0, unsure: 0, unfetched: 0 };
    for (const { code, broken, link_failure_count: linkFailureCount } of rows)
      expected[stateOf(code, isBroken({ broken, linkFailureCount }, 3))] += 1;
    assert.deepEqual((await records.reports.overview(VIEW)).links, expected);
    await records.reports.addUp(VIEW);
    assert.deepEqual(await knex('archiver.report_change').select(), []);
    assert.deepEqual((await records.reports.overview(VIEW)).links, expected);
    const hosts = await records.reports.hosts({ order: 'host', after: null, limit: 100 }, VIEW);
    assert.equal(
      hosts.hosts.reduce((sum, { links }) => sum + add(links), 0),
      add(expected),
    );
    const { rows: recounted } = await knex.raw(RECOUNTED);
    const { rows: kept } = await knex.raw(KEPT);
    assert.deepEqual(kept, recounted);
  });

  it('follow an archival that is recorded, moves, and is forgotten', async () => {
    const { records } = test;
    const stateOfNew = async () => (await records.reports.resource('new', VIEW))?.link;
    await records.archivals.request([requestFor('new', 'https://h9.example/new')], how);
    assert.deepEqual([(await stateOfNew())?.state, (await stateOfNew())?.host], ['unfetched', 'h9.example']);
    const lease = await leaseOf(test, 'new');
    await records.archivals.record([outcomeOf(lease, { copy: copyFor(lease) })]);
    assert.deepEqual([(await stateOfNew())?.state, (await stateOfNew())?.copy?.bytes], ['archived', 4]);
    await records.archivals.request([requestFor('new', 'https://h8.example/new')], how);
    assert.equal((await stateOfNew())?.host, 'h8.example');
    const again = await leaseOf(test, 'new');
    const gone = { code: 'gone', broken: true, linkFailureCount: 3, firstFailureAt: NOW } as const;
    await records.archivals.record([outcomeOf(again, {}, gone)]);
    assert.deepEqual([(await stateOfNew())?.state, (await stateOfNew())?.failingSince], ['broken', NOW]);
    const at = await records.reports.host('h8.example', VIEW);
    assert.deepEqual(at?.links, { archived: 0, broken: 1, unsure: 0, unfetched: 0 });
    await records.archivals.forget(['new']);
    assert.equal(await records.reports.resource('new', VIEW), null);
    assert.equal(await records.reports.host('h8.example', VIEW), null);
  });

  it('let through what a filter says, by pages of any size, in the order that is asked for', async () => {
    const { records } = test;
    const filters: LinkFilter[] = [
      {},
      { states: ['broken'] },
      { states: ['unsure', 'unfetched'] },
      { host: 'h1.example', states: ['broken', 'unsure'] },
      { code: 'gone' },
      { organisation: 'o-land', states: ['broken'] },
      { organisation: 'sea', host: 'h2.example' },
      { datasetId: 'd-sky' },
      { failingBefore: new Date('2026-11-10T00:00:00Z') },
      { changedSince: new Date('2999-01-01T00:00:00Z') },
      { organisation: 'unknown' },
    ];
    const all = await listed({}, 'resource', 1000);
    assert.equal(all.length, 120);
    for (const filter of filters)
      for (const order of ['resource', 'failing', 'changed'] as const) {
        const whole = await listed(filter, order, 1000);
        const expected = all.filter((one) => fits(one, filter) && (order !== 'failing' || one.failingSince !== null));
        assert.deepEqual(idsOf(whole).toSorted(), idsOf(expected).toSorted(), JSON.stringify({ filter, order }));
        assert.deepEqual(idsOf(await listed(filter, order, 7)), idsOf(whole), JSON.stringify({ filter, order }));
        const streamed: string[] = [];
        for await (const some of records.reports.everyLink({ ...filter, order }, VIEW)) streamed.push(...idsOf(some));
        assert.deepEqual(streamed.toSorted(), idsOf(whole).toSorted());
        const counted = await records.reports.countLinks(filter, VIEW);
        if (counted !== null && order === 'resource') assert.equal(counted, whole.length, JSON.stringify(filter));
      }
    const failing = (await listed({}, 'failing', 1000)).map(({ failingSince }) => failingSince?.getTime() ?? 0);
    assert.deepEqual(
      failing,
      failing.toSorted((one, other) => one - other),
    );
  });

  it('refuse a cursor of another list', async () => {
    const { reports } = test.records;
    const page = await reports.links({ order: 'resource', after: null, limit: 1 }, VIEW);
    const hosts = await reports.hosts({ order: 'broken', after: null, limit: 1 }, VIEW);
    for (const after of [page.next, hosts.next, 'nonsense', Buffer.from('["failing","x","r1"]').toString('base64url')])
      await assert.rejects(reports.links({ order: 'failing', after, limit: 1 }, VIEW), { code: 'invalid-request' });
    await assert.rejects(reports.hosts({ order: 'links', after: hosts.next, limit: 1 }, VIEW), {
      code: 'invalid-request',
    });
  });

  it('count an organisation in those that it is a part of, and a circle of them nowhere else', async () => {
    const { reports } = test.records;
    const byId = new Map((await reports.organisations(VIEW)).map((one) => [one.organisation.id, one]));
    const sum = (id: string) => add(byId.get(id)?.own ?? { archived: 0, broken: 0, unsure: 0, unfetched: 0 });
    assert.deepEqual([sum('o-land'), sum('o-sea'), sum('o-sky')], [40, 40, 40]);
    assert.equal(add(byId.get('o-land')?.all ?? assert.fail()), 80);
    assert.deepEqual(byId.get('o-sea')?.above, ['o-land']);
    assert.deepEqual([byId.get('round')?.above, byId.get('about')?.above], [[], []]);
    assert.equal((await reports.organisations(VIEW))[0]?.organisation.title, 'About');
    const [found] = (await listed({ organisation: 'sea' }, 'resource', 1)) ?? [];
    assert.deepEqual(found?.organisation, { id: 'o-sea', name: 'sea', title: 'The Sea', parentId: 'o-land' });
  });

  it('say where a link is shown, below the URL that the portal has now', async () => {
    const { reports } = test.records;
    const story = await reports.resource('r001', { ...VIEW, site: 'https://new.example' });
    assert.equal(story?.link.pageUrl, 'https://new.example/r/r001');
    assert.deepEqual(story?.link.dataset, {
      ...{ id: 'd-sea', name: 'sea-data', title: 'Data of the sea' },
      pageUrl: 'https://elsewhere.example/sea',
    });
  });

  it('follow a dataset that goes to another organisation, and forget one that has nothing', async () => {
    const { reports } = test.records;
    const sky = { id: 'o-sky', name: 'sky', title: 'The Sky' };
    const before = await reports.organisations(VIEW);
    assert.ok(before.some(({ organisation }) => organisation.id === 'empty'));
    await reports.note({ resources: [{ ...words('r001'), organisation: sky }], datasets: [] }, VIEW.site);
    assert.equal((await reports.resource('r001', VIEW))?.link.organisation?.id, 'o-sky');
    await reports.note({ resources: [words('r001')], datasets: [] }, VIEW.site);
    assert.equal((await reports.resource('r001', VIEW))?.link.organisation?.id, 'o-sea');
    await reports.noteOrganisations(ORGANISATIONS.filter(({ id }) => id !== 'empty' && id !== 'o-sky'));
    const ids = (await reports.organisations(VIEW)).map(({ organisation }) => organisation.id);
    assert.deepEqual([ids.includes('empty'), ids.includes('o-sky')], [false, true]);
  });

  it('order hosts by what is broken there, by links, by name, and those that are left alone first', async () => {
    const { knex, records } = test;
    const until = new Date(NOW.getTime() + HOUR_MS);
    await knex('archiver.host_limit').insert([
      { host: 'h3.example', tokens: 1, refilled_at: NOW, pause_until: until, override: '{"burst":1}' },
      { host: 'asked.example', tokens: 1, refilled_at: NOW, open_until: until, dead_count: 4 },
    ]);
    await knex('archiver.day_sum').insert({
      ...{ day: '2026-11-19', host: 'h3.example', code: 'gone', attempts: 4, requests: 4, wire_bytes: 1, ms: 600 },
    });
    await records.reports.addUp(VIEW);
    const hostsBy = async (order: 'broken' | 'links' | 'host' | 'paused', limit: number) => {
      const hosts: string[] = [];
      for (let after: string | null = null; ; ) {
        const page = await records.reports.hosts({ order, after, limit }, VIEW);
        hosts.push(...page.hosts.map(({ host }) => host));
        if (page.next === null) return hosts;
        after = page.next;
      }
    };
    for (const order of ['broken', 'links', 'host', 'paused'] as const)
      assert.deepEqual(await hostsBy(order, 2), await hostsBy(order, 100), order);
    assert.deepEqual((await hostsBy('host', 100)).slice(0, 2), ['asked.example', 'h0.example']);
    assert.deepEqual((await hostsBy('paused', 100)).slice(0, 2), ['h3.example', 'asked.example']);
    const story = await records.reports.host('h3.example', VIEW);
    assert.deepEqual(
      [story?.meanMs, story?.attempts, story?.pausedUntil, story?.override],
      [150, 4, until, { burst: 1 }],
    );
    assert.deepEqual(story?.days, [{ day: '2026-11-19', code: 'gone', attempts: 4, meanMs: 150 }]);
    const { paused, hostsPaused } = await records.reports.overview(VIEW);
    assert.equal(hostsPaused, 2);
    assert.deepEqual(
      paused.map(({ host, reason }) => [host, reason]),
      [
        ['asked.example', 'unreachable'],
        ['h3.example', 'asked'],
      ],
    );
  });

  it('count hosts again where another number of failures makes a link broken', async () => {
    const { reports } = test.records;
    const brokenAt = async (confirmFailures: number) => {
      await reports.addUp({ ...VIEW, confirmFailures });
      const { hosts } = await reports.hosts({ order: 'host', after: null, limit: 100 }, VIEW);
      return hosts.reduce((sum, { links }) => sum + links.broken, 0);
    };
    for (const confirmFailures of [1, 5, 3]) {
      const { broken } = (await reports.overview({ ...VIEW, confirmFailures })).links;
      assert.equal(await brokenAt(confirmFailures), broken);
    }
  });

  it('tell what happened in a day and in a week, and how things stood on each of 90 days', async () => {
    const { knex, records } = test;
    const event = (hoursAgo: number, kind: string) => ({
      at: new Date(NOW.getTime() - hoursAgo * HOUR_MS),
      ...{ resource_id: 'r001', dataset_id: 'd-sea', kind },
    });
    await knex('archiver.event').del();
    await knex('archiver.report_count').where({ scope: 'hour' }).del();
    await knex('archiver.report_change').where({ scope: 'hour' }).del();
    await knex('archiver.event').insert([
      event(1, 'broken'),
      event(2, 'broken'),
      event(30, 'broken'),
      event(3, 'recovered'),
    ]);
    await knex('archiver.event').insert([event(200, 'broken'), event(100, 'recovered')]);
    const { day, week, days } = await records.reports.overview(VIEW);
    assert.deepEqual(day, { newCopies: 0, newlyBroken: 2, recovered: 1 });
    assert.deepEqual(week, { newCopies: 0, newlyBroken: 3, recovered: 2 });
    assert.equal(days.length, 90);
    const { links, bytes } = await records.reports.overview(VIEW);
    const { broken } = links;
    assert.deepEqual(days.at(-1), {
      ...{ day: '2026-11-20', newCopies: 0, newBytes: 0, newlyBroken: 2, recovered: 1 },
      ...{ broken, bytes },
    });
    assert.deepEqual([days[0]?.day, days[0]?.broken], ['2026-08-23', null]);
  });

  it('show today as it stands now, whether or not anybody has counted yet', async () => {
    const { knex, records } = test;
    await knex('archiver.report_day').del();
    await knex('archiver.report_change').insert({
      ...{ scope: 'copy', subject: '', code: '', failures: 0, count: 2, bytes: 700 },
    });
    const { days, links, bytes } = await records.reports.overview(VIEW);
    assert.deepEqual([days.at(-1)?.broken, days.at(-1)?.bytes], [links.broken, bytes]);
    assert.ok(bytes >= 700);
    assert.equal(days.at(-2)?.bytes, null);
  });

  it('are the same when an archive of before gets them', async () => {
    const { knex, records } = test;
    const pages = await migration('033_report_pages');
    await records.reports.addUp(VIEW);
    const seen = async () => [
      (await records.reports.overview(VIEW)).links,
      (await records.reports.hosts({ order: 'host', after: null, limit: 100 }, VIEW)).hosts.map(({ links }) => links),
    ];
    const expected = await seen();
    const links = await migration('031_links');
    const counts = await migration('032_report_counts');
    const groups = await migration('036_links_in_groups');
    await groups.down(knex, NAMES);
    await pages.down(knex, NAMES);
    await counts.down(knex, NAMES);
    await links.down(knex, NAMES);
    await knex.transaction(async (transaction) => {
      await links.up(transaction, NAMES);
      await counts.up(transaction, NAMES);
      await pages.up(transaction, NAMES);
      await groups.up(transaction, NAMES);
    });
    assert.deepEqual(await seen(), expected);
  });

  it('need no right of a worker that knows nothing of them', async () => {
    const { knex } = test;
    await knex.raw(`create role older; grant usage on schema archiver to older;
      grant select, insert, update, delete on archiver.archival, archiver.event to older;
      grant usage on all sequences in schema archiver to older`);
    await knex.transaction(async (transaction) => {
      await transaction.raw('set local role older');
      await transaction('archiver.archival').insert({ ...{ resource_id: 'old', dataset_id: 'd1' }, url: '', host: '' });
      await transaction('archiver.archival').where({ resource_id: 'old' }).update({ code: 'gone', broken: true });
      await transaction('archiver.event').insert({
        ...{ at: NOW, resource_id: 'old', dataset_id: 'd1' },
        kind: 'broken',
      });
    });
    assert.equal((await test.records.reports.resource('old', VIEW))?.link.code, 'gone');
    await knex.raw('delete from archiver.archival where resource_id = :id', { id: 'old' });
    await knex.raw('drop owned by older; drop role older');
  });

  async function listed(filter: LinkFilter, order: LinkOrder, limit: number): Promise<ReportedLink[]> {
    const links: ReportedLink[] = [];
    for (let after: string | null = null; ; ) {
      const page = await test.records.reports.links({ ...filter, order, after, limit }, VIEW);
      assert.ok(page.links.length <= limit);
      links.push(...page.links);
      if (page.next === null) return links;
      after = page.next;
    }
  }
});

interface Migration {
  up(knex: Knex, names: typeof NAMES): Promise<void>;
  down(knex: Knex, names: typeof NAMES): Promise<void>;
}

const migration = async (name: string): Promise<Migration> => import(`../../migrations/${name}.js`);

const how = { lane: 'priority', runId: null, now: new Date(0) } as const;

async function leaseOf({ records }: TestRecords, id: string) {
  const lease = await records.archivals.lease(id, { owner: 'w', leaseMs: 60_000, now: new Date() });
  return lease ?? assert.fail('not leased');
}

const ORGANISATIONS = [
  { id: 'o-land', name: 'land', title: 'The Land', parentId: null },
  { id: 'o-sea', name: 'sea', title: 'The Sea', parentId: 'o-land' },
  { id: 'o-sky', name: 'sky', title: 'The Sky', parentId: 'nowhere' },
  { id: 'round', name: 'round', title: null, parentId: 'about' },
  { id: 'about', name: 'about', title: 'About', parentId: 'round' },
  { id: 'empty', name: 'empty', title: null, parentId: null },
];

const ownerOf = (id: string) => OWNERS[Number(id.slice(1)) % 3] ?? 'land';

function words(id: string) {
  const owner = ownerOf(id);
  const { parentId: _, ...organisation } = ORGANISATIONS.find(({ name }) => name === owner) ?? assert.fail();
  return { id, datasetId: `d-${owner}`, name: `Name of ${id}`, organisation, pageUrl: `https://data.example/r/${id}` };
}

/** 120 resources of three organisations at seven hosts, in every state. */
async function fill({ knex, records }: TestRecords): Promise<void> {
  const codes = [
    [null, null],
    ['archived', false],
    ['gone', true],
    ['timeout', null],
    ['too-large', null],
  ] as const;
  const rows = Array.from({ length: 120 }, (_, n) => {
    const [code, broken] = codes[n % 5] ?? [null, null];
    const resource_id = `r${String(n).padStart(3, '0')}`;
    const fails = code === 'gone' || code === 'timeout';
    return {
      ...{ resource_id, dataset_id: `d-${ownerOf(resource_id)}`, url: `https://h${n % 7}.example/${n}` },
      ...{ host: `h${n % 7}.example`, code, broken, link_failure_count: fails ? n % 6 : 0 },
      first_failure_at: fails ? new Date(NOW.getTime() - n * 10 * HOUR_MS) : null,
      checked_at: code === null ? null : NOW,
    };
  });
  await knex('archiver.archival').insert(rows);
  await records.reports.noteOrganisations(ORGANISATIONS);
  const datasets = OWNERS.map((owner) => ({
    ...{ id: `d-${owner}`, name: `${owner}-data`, title: `Data of the ${owner}` },
    pageUrl: `https://elsewhere.example/${owner}`,
  }));
  await records.reports.note({ resources: rows.map((row) => words(row.resource_id)), datasets }, VIEW.site);
}

function stateOf(code: string | null, broken: boolean | null): LinkState {
  if (broken !== null) return broken ? 'broken' : 'archived';
  return code === null ? 'unfetched' : 'unsure';
}

function fits(link: ReportedLink, filter: LinkFilter): boolean {
  const { organisation, host, code, datasetId, states, failingBefore, changedSince } = filter;
  const owners: Readonly<Record<string, readonly string[]>> = {
    'o-land': ['o-land', 'o-sea'],
    sea: ['o-sea'],
    unknown: [],
  };
  return [
    organisation === undefined || owners[organisation]?.includes(link.organisation?.id ?? ''),
    host === undefined || link.host === host,
    code === undefined || link.code === code,
    datasetId === undefined || link.dataset.id === datasetId,
    states === undefined || states.includes(link.state),
    failingBefore === undefined || (link.failingSince !== null && link.failingSince <= failingBefore),
    changedSince === undefined || link.changedAt >= changedSince,
  ].every(Boolean);
}

const idsOf = (links: readonly ReportedLink[]): string[] => links.map(({ resourceId }) => resourceId);

const RECOUNTED = `
  select scope, subject, code, failures, count(*)::int as count from (
    select 'organisation' as scope, organisation_id as subject, coalesce(code, '') as code, failures from archiver.link
    union all select 'host', host, coalesce(code, ''), failures from archiver.link) as l
  group by 1, 2, 3, 4 order by 1, 2, 3, 4`;

const KEPT = `
  select scope, subject, code, failures, count::int as count from archiver.report_count
  where scope in ('organisation', 'host') order by 1, 2, 3, 4`;
