import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Resource } from '../../plugin/model/resource.ts';
import { createExpressPortal } from '../../plugin/portal/expressPortal.ts';
import { storableCatalog } from '../../plugin/portal/storableCatalog.ts';
import { ArchivalRequests } from '../../plugin/trigger/archivalRequests.ts';
import { CatalogueWords } from '../../plugin/trigger/catalogueWords.ts';
import { OutboxRelay } from '../../plugin/trigger/relay.ts';
import { Sweep } from '../../plugin/trigger/sweep.ts';
import { SILENT } from '../support/testPortal.ts';
import { type TriggerPortal, triggerPortal } from '../support/triggerPortal.ts';

const SITE = 'https://data.example';
const VIEW = { confirmFailures: 3, site: SITE, now: new Date() };
const now = () => new Date();

describe('what the portal says of resources', () => {
  let place: TriggerPortal;
  before(async () => {
    place = await triggerPortal();
    await place.database.knex.raw(`
      alter table package add column if not exists owner_org text, add column if not exists title text;
      create table "group" (id text primary key, name text, title text);
      create table member (table_name text, table_id text, group_id text, state text);
      insert into "group" values ('o1', 'met', 'Met Office'), ('o2', 'hydro', 'Hydrology'), ('o3', 'state', 'The State');
      insert into member values ('group', 'o3', 'o1', 'active');
      insert into package (id, name, private, title, owner_org) values ('d1', 'rain', false, 'Rain', 'o1'), ('d2', 'snow', false, 'Snow', 'o1');
      insert into resource (id, package_id, url, name) values ('r1', 'd1', 'https://a.example/1', 'One'),
        ('r2', 'd1', 'https://a.example/2', 'Two'), ('r3', 'd2', 'https://b.example/3', 'Three')`);
  });
  after(() => place.close());

  const openPortal = () =>
    createExpressPortal({
      ...{ knex: place.database.knex, site: SITE, name: 'test', version: '1', logger: SILENT },
      authorize: () => true,
    });
  const depsOf = (catalog = storableCatalog(openPortal().catalog)) => {
    const { records, queue } = place;
    const words = new CatalogueWords({ catalog, reports: records.reports, site: SITE, logger: SILENT });
    return { catalog, records, queue, words, now, owner: 'test', runsKeptMs: 1e9, logger: SILENT };
  };
  const linkOf = async (id: string) => {
    const { name, pageUrl, dataset, organisation } =
      (await place.records.reports.resource(id, VIEW))?.link ?? assert.fail(id);
    return { name, pageUrl, dataset: [dataset.title, dataset.pageUrl], organisation: organisation?.name ?? null };
  };
  const save = async (sql: string, event: 'afterDatasetUpdate' | 'afterResourceUpdate', id: string) => {
    await place.database.knex.raw(sql);
    const about =
      event === 'afterDatasetUpdate' ? { datasetId: id, resourceId: null } : { datasetId: null, resourceId: id };
    await place.records.outbox.add({ event, ...about, fileReplaced: false });
    const relay = new OutboxRelay({ ...depsOf(), onDeleted: async () => undefined });
    relay.wake();
    await relay.stop();
  };

  it('is kept when a resource is asked for', async () => {
    await new ArchivalRequests(depsOf()).resource('r3', { caller: null, idempotencyKey: null });
    assert.deepEqual(await linkOf('r3'), {
      ...{ name: 'Three', pageUrl: `${SITE}/dataset/d2/resource/r3`, organisation: 'met' },
      dataset: ['Snow', `${SITE}/dataset/snow`],
    });
  });

  it('counts what is saved in the organisation above its own before any sweep', async () => {
    const query = { organisation: 'state', order: 'resource', after: null, limit: 9 } as const;
    const { links } = await place.records.reports.links(query, VIEW);
    assert.deepEqual(
      links.map(({ resourceId }) => resourceId),
      ['r3'],
    );
  });

  it('is kept of every resource by a sweep, with what the organisations are a part of', async () => {
    await new Sweep(depsOf()).run();
    assert.equal((await linkOf('r1')).organisation, 'met');
    const { links } = await place.records.reports.links(
      { organisation: 'state', order: 'resource', after: null, limit: 9 },
      VIEW,
    );
    assert.deepEqual(
      links.map(({ resourceId }) => resourceId),
      ['r1', 'r2', 'r3'],
    );
  });

  it('follows a dataset that is given to another organisation, at its hook and at the next sweep', async () => {
    await save(
      `update package set owner_org = 'o2', title = 'Rain and more' where id = 'd1'`,
      'afterDatasetUpdate',
      'd1',
    );
    assert.deepEqual([(await linkOf('r1')).organisation, (await linkOf('r2')).organisation], ['hydro', 'hydro']);
    assert.equal((await linkOf('r2')).dataset[0], 'Rain and more');
    await place.database.knex.raw(`update package set owner_org = null where id = 'd1'`);
    await new Sweep(depsOf()).run();
    assert.equal((await linkOf('r1')).organisation, null);
  });

  it('follows a resource that gets another name, though its link is not asked for again', async () => {
    await save(`update resource set name = 'First' where id = 'r1'`, 'afterResourceUpdate', 'r1');
    assert.equal((await linkOf('r1')).name, 'First');
  });

  it('is read dataset by dataset where the portal can do no other, and of none twice that is known', async () => {
    const asked: string[] = [];
    const { describeDatasets: _, listOrganisations: __, ...catalog } = storableCatalog(openPortal().catalog);
    const counting = {
      ...catalog,
      async describeDataset(id: string) {
        asked.push(id);
        return (await catalog.describeDataset?.(id)) ?? null;
      },
    };
    const resources: Resource[] = Array.from({ length: 30 }, (_, n) => ({
      ...{
        id: `x${n}`,
        datasetId: n < 28 ? `unknown${n}` : `d${n - 27}`,
        url: '',
        name: null,
        format: null,
        urlType: null,
      },
    }));
    await depsOf(counting).words.note(resources);
    assert.deepEqual(
      asked.toSorted(),
      resources
        .slice(0, 28)
        .map(({ datasetId }) => datasetId)
        .toSorted(),
    );
  });

  it('holds nothing up where it cannot be kept, and is told of', async () => {
    const warnings: string[] = [];
    const { catalog } = depsOf();
    const note = () => Promise.reject(new Error('no'));
    const logger = { warn: (_: object, message?: string) => void warnings.push(message ?? '') };
    const reports = { note, noteOrganisations: note, datasetsUnnoted: async () => [] };
    const words = new CatalogueWords({ catalog, reports, site: SITE, logger });
    await words.note(await catalog.listResources({ after: null, limit: 1 }));
    await words.noteOrganisations();
    assert.deepEqual(
      new Set(warnings),
      new Set(['what the portal says of resources could not be noted; reports show it after the next sweep']),
    );
    assert.equal(warnings.length, 2);
  });
});
