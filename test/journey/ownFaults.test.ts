import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ArchiverError } from '../../plugin/errors.ts';
import { ServiceGate } from '../../plugin/work/serviceGate.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const REFUSES = 'the store or the database refuses what is archived';
const WARNING = 'nothing is fetched: a service of ours refuses';

describe('while the store refuses what is archived', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    portal = await ShownPortal.open();
  });
  afterEach(() => portal.close());

  it('no file is fetched again in either lane, everybody is told why, and all are archived once when it is back', async () => {
    const { knex } = portal.database;
    const records = recordsIn(knex);
    const ids = ['asked1', 'asked2', 'swept1', 'swept2'];
    for (const id of ids) portal.files.set(`/${id}.csv`, { body: `a,b\n${id},2\n` });
    // Nothing can be staged where a file lies in the place of the folder.
    const stages = join(portal.folder, '.stage');
    await rm(stages, { recursive: true, force: true });
    await writeFile(stages, '');
    for (const id of ['swept1', 'swept2']) await addResource(knex, id, portal.urlOf(`/${id}.csv`));
    await portal.archiver.archive.sweep({ dryRun: false });
    for (const id of ['asked1', 'asked2']) await portal.save(id, `/${id}.csv`);
    await until(() => portal.logged.some(({ message }) => message === WARNING));
    await until(async () => ((await records.taskStatus.get('asked1'))?.error ?? '') !== '');

    const status = (await records.taskStatus.get('asked1')) ?? assert.fail('no task_status');
    const reason = `Nothing is fetched for now: ${REFUSES}.`;
    assert.deepEqual([status.state, status.error, JSON.parse(status.value).reason], ['pending', reason, reason]);
    for (const id of ['swept1', 'swept2'])
      await until(async () => (await records.taskStatus.get(id))?.error === reason);
    const { body } = await portal.agent().get('/health/ready').expect(503);
    assert.deepEqual(body.checks.bulk, { ok: false, detail: `A worker pauses: ${REFUSES}.` });
    const { pauses } = await portal.archiver.archive.overview();
    assert.deepEqual(
      pauses.map((one) => one.reason),
      [REFUSES],
    );
    await until(async () => Number((await records.archivals.get('asked1'))?.nextCheckAt) - Date.now() > 1500);
    const counts = ids.map((id) => portal.requests.filter((path) => path === `/${id}.csv`).length);
    assert.ok(
      counts.every((count) => count <= 1),
      counts.join(),
    );

    await rm(stages);
    await until(async () => {
      const archivals = await records.archivals.getMany(ids);
      return archivals.length === ids.length && archivals.every(({ code }) => code === 'archived');
    }, 60);
    const copies = await records.copies.listByResources(ids);
    assert.deepEqual(
      ids.map((id) => copies.get(id)?.length),
      [1, 1, 1, 1],
    );
    assert.ok(portal.requests.length <= 2 * ids.length, portal.requests.join());
    assert.equal((await records.taskStatus.get('asked1'))?.state, 'success');
    await until(async () => (await portal.agent().get('/health/ready')).status === 200);
  });
});

describe('what stands before the publisher', () => {
  const logged: string[] = [];
  const paused: (string | null)[] = [];
  let at = 0;
  let free = 10_000_000;
  let storeRefuses = false;
  let databaseRefuses = false;
  const refused = (what: string) => new ArchiverError('store-failed', what);

  function gate(): ServiceGate {
    [logged.length, paused.length, at, free, storeRefuses, databaseRefuses] = [0, 0, 0, 10_000_000, false, false];
    return new ServiceGate({
      config: { minFreeBytes: 1000 },
      store: { freeBytes: async () => free },
      async probe() {
        if (storeRefuses) throw refused('EROFS /srv/secret');
      },
      leases: {
        async setPause(_owner, reason) {
          if (databaseRefuses) throw new ArchiverError('database-failed', 'read-only transaction');
          paused.push(reason);
        },
      },
      owner: 'w',
      elapsedMs: () => at,
      logger: {
        info: (_, message = '') => void logged.push(message),
        warn: (_, message = '') => void logged.push(message),
      },
    });
  }

  it('waits from a second to an hour, warns every ten seconds, and names no folder to the public', async () => {
    const store = gate();
    storeRefuses = true;
    const waits: number[] = [];
    for (let time = 0; time < 15; time++) {
      const closed = (await store.closed()) ?? assert.fail('it is open');
      assert.equal(closed.reason, REFUSES);
      waits.push(closed.ms / 1000);
      at += closed.ms;
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600]);
    // At 0 s, 15 s, and at each of the tries after that.
    assert.deepEqual(
      logged,
      Array.from({ length: 12 }, () => WARNING),
    );
    storeRefuses = false;
    assert.equal(await store.closed(), null);
    assert.equal(logged.at(-1), 'store and database take what is archived again');
    assert.equal(paused.at(-1), null);
  });

  it('goes on waiting longer while archivals fail although the try succeeds, and begins anew after one that ended well', async () => {
    const store = gate();
    for (const ms of [1000, 2000, 4000]) {
      assert.equal(await store.failed(new ArchiverError('database-failed', 'permission denied')), true);
      assert.equal((await store.closed())?.ms, ms);
      at += ms;
      assert.equal(await store.closed(), null);
    }
    store.succeeded();
    await store.failed(refused('once more'));
    assert.equal((await store.closed())?.ms, 1000);
    assert.equal(await store.failed(new ArchiverError('stopped', 'stopped')), false);
  });

  it('stays closed after a file that did not fit until more room is there, and below the floor', async () => {
    const store = gate();
    await store.failed(refused('ENOSPC: no space left on device'));
    at += 3_600_000;
    assert.match((await store.closed())?.reason ?? '', /^the store has 10000000 bytes free, less than 11048576$/);
    free = 12_000_000;
    at += 3_600_000;
    assert.equal(await store.closed(), null);
    free = 10;
    at += 5000;
    assert.equal((await store.closed())?.reason, 'the store has 10 bytes free, less than 1000');
  });

  it('opens before its wait is over when what a try found refused is taken, and not when only archivals fail', async () => {
    const store = gate();
    storeRefuses = true;
    for (let ms = 0; ms < 3_600_000; ms = (await store.closed())?.ms ?? assert.fail('it is open')) at += ms;
    storeRefuses = false;
    assert.equal(await store.tryAgain(), true);
    assert.equal(await store.closed(), null);
    await store.failed(refused('permission denied'));
    assert.equal(await store.tryAgain(), true);
    assert.notEqual(await store.closed(), null);
    await store.recovered();
    assert.equal(await store.closed(), null);
  });

  it('is closed by a database that may only be read', async () => {
    const store = gate();
    databaseRefuses = true;
    assert.equal((await store.closed())?.reason, REFUSES);
  });
});
