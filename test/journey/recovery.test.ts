import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { FleetPortal, type FleetPortalOptions, wholeArchive } from '../support/fleetPortal.ts';
import { copyFor, outcomeOf } from '../support/recordFixtures.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { restartablePostgres } from '../support/restartablePostgres.ts';
import { gate } from '../support/testQueues.ts';
import { until } from '../support/until.ts';

const ME = { caller: null, idempotencyKey: null };
const MIB = Buffer.alloc(1_048_576, 'a,b,c,d,e,f,g\n');
const LARGE_MIB = 100;

describe('after a failure the archive', () => {
  let portal: FleetPortal | null = null;
  const closers: (() => Promise<void>)[] = [];

  afterEach(async () => {
    await portal?.close();
    portal = null;
    for (const close of closers.splice(0)) await close();
  });

  async function open(variables: Readonly<Record<string, string>>, options: FleetPortalOptions = {}) {
    portal = await FleetPortal.create({ hosts: 1, ...options, variables });
    return portal;
  }

  /** The one resource of a new dataset, answered so, whose bytes lie in the store while its record waits for `row`. */
  async function storedUnrecorded(
    at: FleetPortal,
    answerWith: (id: string, response: ServerResponse) => void,
    seconds?: number,
  ) {
    const asked = gate();
    const answer = gate();
    at.publisher.answer = (id, _request, response) => {
      if (id !== 'd1-0') return false;
      asked.open();
      void answer.passed.then(() => answerWith(id, response));
      return true;
    };
    const ids = await at.addResources('d1', 1);
    const worker = at.fleet.spawn();
    await worker.ready;
    await at.archiveDataset('d1');
    await asked.passed;
    // Whoever records must wait for this row; the bytes need not.
    const row = await at.database.knex.transaction();
    await row.raw(`select from archiver.archival where resource_id = 'd1-0' for update`);
    answer.open();
    await until(async () => (await at.files()).length === 1, seconds);
    const [kept = ''] = await at.files();
    return { ids, worker, row, kept };
  }

  it('has one copy of a file whose worker was killed in the middle of it, and no stage', async () => {
    const { fleet, publisher, ...opened } = partsOf(await open({ ARCHIVER_LEASE_MS: '1500' }));
    let sentMib = 0;
    publisher.answer = (_id, _request, response) => {
      sentMib = 0;
      return sendSlowly(response, () => ++sentMib);
    };
    const ids = await opened.portal.addResources('d1', 1);
    const worker = fleet.spawn();
    await worker.ready;
    await opened.portal.archiveDataset('d1');
    await until(() => sentMib > LARGE_MIB / 3);
    await worker.kill();
    assert.equal((await opened.portal.stages()).length, 1);
    assert.deepEqual(await opened.portal.files(), []);

    await fleet.spawn().ready;
    await opened.portal.settled(1, 90);
    await until(async () => (await opened.portal.stages()).length === 0);
    assert.deepEqual(await opened.portal.outcome(ids), wholeArchive(ids));
    const records = recordsIn(opened.portal.database.knex);
    assert.equal((await records.copies.newest('d1-0'))?.bytes, LARGE_MIB * MIB.length);
    assert.equal(publisher.total, 2);
  });

  it('takes over the bytes of a worker that was killed between keeping and recording them', async () => {
    const { fleet, publisher, ...opened } = partsOf(await open({ ARCHIVER_LEASE_MS: '1500' }));
    const { ids, worker, row, kept } = await storedUnrecorded(opened.portal, (id, response) =>
      response.writeHead(200, { 'content-type': 'text/csv' }).end(publisher.body(id)),
    );
    await worker.kill();
    await row.rollback();

    await fleet.spawn().ready;
    await opened.portal.settled(1, 90);
    assert.deepEqual(await opened.portal.files(), [kept]);
    await until(async () => (await opened.portal.stages()).length === 0);
    assert.deepEqual(await opened.portal.outcome(ids), wholeArchive(ids));
  });

  it('keeps the bytes of a worker that lost its lease for the one that has found them', async () => {
    const { fleet, publisher, ...opened } = partsOf(await open({}));
    const { knex } = opened.portal.database;
    const { archivals, copies } = recordsIn(knex);
    const { row, kept } = await storedUnrecorded(opened.portal, (id, response) =>
      response.writeHead(200, { 'content-type': 'text/csv' }).end(publisher.body(id)),
    );
    // While its record waits for the row, another takes the resource over, and sees what lies in the store.
    const taken = await row.raw(`
      update archiver.archival set lease_owner = 'other', lease_token = nextval('archiver.lease_token'),
        lease_until = clock_timestamp(), key_at = key_at + interval '1 second', open_keys = open_keys || key_at
      where resource_id = 'd1-0' returning key_at`);
    assert.equal(taken.rowCount, 1);
    await row.commit();
    const openKeys = async () =>
      (await knex('archiver.archival').where({ resource_id: 'd1-0' }).first('open_keys')).open_keys;
    await until(async () => (await openKeys()).length === 3, 60);

    const lease = await archivals.lease('d1-0', { owner: 'third', leaseMs: 60_000, now: new Date() });
    assert.ok(lease);
    const key = kept.slice(kept.indexOf('archive/'));
    await archivals.record([outcomeOf(lease, { copy: { ...copyFor(lease), key } })]);
    assert.equal((await copies.newest('d1-0'))?.key, key);
    await until(async () => (await openKeys()).length === 0, 60);
    assert.deepEqual(await opened.portal.files(), [kept]);
  });

  it('takes over the file behind a page whose worker was killed between keeping and recording it', async () => {
    const { fleet, publisher, ...opened } = partsOf(
      await open({ ARCHIVER_LEASE_MS: '1500', ARCHIVER_LANDING: 'best' }),
    );
    const { knex } = opened.portal.database;
    const page = '<!doctype html><h1>d1-0</h1><p><a href="/data.csv">d1-0 (CSV, download)</a></p>';
    const { worker, row, kept } = await storedUnrecorded(
      opened.portal,
      (_id, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
      60,
    );
    await worker.kill();
    await row.rollback();

    await fleet.spawn().ready;
    await opened.portal.settled(1, 90);
    assert.deepEqual(await opened.portal.files(), [kept]);
    const copies = await recordsIn(knex).copies.listByResources(['d1-0']);
    assert.deepEqual(
      [...copies.values()].flat().map(({ key }) => kept.endsWith(key)),
      [true],
    );
    assert.equal((await knex('resource').where({ id: 'd1-0' }).first()).cache_url?.endsWith('data.csv'), true);
  });

  it('takes nothing from a worker that lost its lease', async () => {
    const { fleet, publisher, ...opened } = partsOf(await open({ ARCHIVER_LEASE_MS: '1500' }));
    const asked = gate();
    const answer = gate();
    publisher.answer = (id, _request, response) => {
      if (publisher.total > 1) return false;
      asked.open();
      void answer.passed.then(() => response.writeHead(200, { 'content-type': 'text/csv' }).end(publisher.body(id)));
      return true;
    };
    const ids = await opened.portal.addResources('d1', 1);
    const hanging = fleet.spawn();
    await hanging.ready;
    await opened.portal.archiveDataset('d1');
    await asked.passed;
    hanging.pause();
    answer.open();
    const other = fleet.spawn();
    await other.ready;
    await opened.portal.settled(1, 90);
    const kept = await opened.portal.files();

    hanging.resume();
    assert.equal(await hanging.stop(), 0);
    assert.deepEqual(await opened.portal.files(), kept);
    await until(async () => (await opened.portal.stages()).length === 0);
    assert.deepEqual(await opened.portal.outcome(ids), wholeArchive(ids));
    assert.equal(publisher.total, 2);
  });

  it('waits for no lease of a worker that was asked to stop', async () => {
    // Longer than this test lasts: what is not given back is not archived here.
    const variables = { ARCHIVER_LEASE_MS: '300000', ARCHIVER_STOP_DEADLINE_MS: '5000' };
    const { fleet, publisher, ...opened } = partsOf(await open(variables));
    publisher.answer = () => publisher.total <= 8;
    const ids = [...(await opened.portal.addResources('asked', 4)), ...(await opened.portal.addResources('found', 4))];
    const worker = fleet.spawn();
    await worker.ready;
    await opened.portal.archiveDataset('asked');
    await opened.portal.archiver.archive.sweep({ dryRun: false });
    await until(() => publisher.total === 8);
    assert.equal(await worker.stop(), 0);
    const records = recordsIn(opened.portal.database.knex);
    assert.equal((await records.archivals.backlog(new Date())).leased, 0);
    assert.deepEqual(await opened.portal.stages(), []);

    await fleet.spawn().ready;
    await opened.portal.settled(ids.length, 60);
    assert.deepEqual(await opened.portal.outcome(ids), wholeArchive(ids));
  });

  it('is whole although PostgreSQL restarted in the middle', async () => {
    const postgres = await restartablePostgres();
    closers.push(() => postgres.stop());
    const { fleet, publisher, ...opened } = partsOf(
      await open({ ARCHIVER_LEASE_MS: '3000' }, { database: postgres.database, hosts: 4 }),
    );
    publisher.slownessMs = 300;
    const ids = [
      ...(await opened.portal.addResources('asked', 60)),
      ...(await opened.portal.addResources('found', 60)),
    ];
    await fleet.spawnMany(2);
    await opened.portal.archiveDataset('asked');
    await opened.portal.archiver.archive.sweep({ dryRun: false });
    await until(() => publisher.total > 20);
    await postgres.restart();
    await opened.portal.settled(ids.length, 120);
    await until(async () => (await opened.portal.stages()).length === 0, 60);
    assert.deepEqual(await opened.portal.outcome(ids), wholeArchive(ids));
  });

  it('keeps the old copy of a publisher that is gone, and says that the last try failed', async () => {
    const { fleet, publisher, ...opened } = partsOf(await open({ ARCHIVER_RETRY_DELAYS_MS: '20,20,20' }));
    const ids = await opened.portal.addResources('d1', 1);
    await fleet.spawn().ready;
    await opened.portal.archiveDataset('d1');
    await opened.portal.settled(1, 60);
    const before = await opened.portal.database.knex('resource').where({ id: 'd1-0' }).first();

    await publisher.stop();
    const records = recordsIn(opened.portal.database.knex);
    await opened.portal.archiver.archive.requestResource('d1-0', ME);
    await until(async () => (await records.archivals.get('d1-0'))?.doneSeq === 2, 60);
    const archival = await records.archivals.get('d1-0');
    const status = await records.taskStatus.get('d1-0');
    const after = await opened.portal.database.knex('resource').where({ id: 'd1-0' }).first();
    const { code, lastAttempt } = JSON.parse(status?.value ?? '');
    assert.deepEqual([archival?.code, archival?.attempts, lastAttempt.code], ['refused', 4, 'refused']);
    // What clients of CKAN read is what is confirmed.
    assert.deepEqual([status?.state, code], ['success', 'archived']);
    assert.deepEqual(after, before);
    assert.equal((await records.copies.listByResources(ids)).get('d1-0')?.length, 1);
    assert.equal((await opened.portal.files()).length, 1);
  });
});

function partsOf(portal: FleetPortal) {
  const { fleet, publisher } = portal;
  return { portal, fleet, publisher };
}

/** 100 MiB in two seconds or more, as fast as the reader takes them. */
function sendSlowly(response: ServerResponse, onSent: () => void): boolean {
  response.writeHead(200, { 'content-type': 'text/csv', 'content-length': LARGE_MIB * MIB.length });
  let left = LARGE_MIB;
  const send = () => {
    if (response.destroyed) return;
    onSent();
    if (--left === 0) response.end(MIB);
    else response.write(MIB, () => setTimeout(send, 20));
  };
  send();
  return true;
}
