import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createArchiver } from '../../plugin/plugin.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { testPortal } from '../support/testPortal.ts';

describe('the archive that a portal asks in its own process', () => {
  let portal: ShownPortal;

  before(async () => {
    portal = await ShownPortal.open();
    portal.files.set('/people.csv', { body: 'id,name\n1,Ada\n' });
    await portal.archived('r1', '/people.csv', 'd1');
    await portal.archived('r2', '/gone.csv', 'd1');
  });
  after(() => portal.close());

  it('says how resources stand, and leaves out those that nobody asked for', async () => {
    const states = await portal.archiver.archive.status(['r1', 'r2', 'unknown']);
    const shown = states.map(({ resourceId, code, status, broken, pending }) => ({
      resourceId,
      code,
      status,
      broken,
      pending,
    }));
    assert.deepEqual(
      shown.sort((one, other) => one.resourceId.localeCompare(other.resourceId)),
      [
        { resourceId: 'r1', code: 'archived', status: 'Archived successfully', broken: false, pending: false },
        { resourceId: 'r2', code: 'gone', status: 'Download error', broken: null, pending: false },
      ],
    );
  });

  it('lists the copies of those that have any', async () => {
    const copies = await portal.archiver.archive.copies(['r1', 'r2']);
    assert.deepEqual([...copies.keys()], ['r1']);
    assert.match(copies.get('r1')?.[0]?.key ?? '', /^archive\/\d{8}T\d{6}Z\/r1\/people\.csv$/);
  });

  it("finds CKAN's row by its id and by its resource", async () => {
    const { archive } = portal.archiver;
    const row = await archive.taskStatus({ resourceId: 'r2' });
    assert.equal(row?.state, 'failure');
    assert.deepEqual(await archive.taskStatus({ id: row.id }), row);
    assert.equal(await archive.taskStatus({ resourceId: 'unknown' }), null);
  });

  it('archives on request, as a run that can be followed and listed', async () => {
    const { archive } = portal.archiver;
    const result = await archive.requestDataset('d1');
    assert.ok(result.kind === 'accepted');
    await portal.ended(result.run.id);
    assert.equal((await archive.runs.get(result.run.id))?.done, 2);
    assert.ok((await archive.runs.list(10)).some(({ id }) => id === result.run.id));
    assert.deepEqual(await archive.requestResource('unknown'), { kind: 'not-found' });
    assert.equal((await archive.runs.cancel(result.run.id))?.state, 'done');
  });

  it('counts the whole, and knows the hosts', async () => {
    const { archive } = portal.archiver;
    const { counts, saves } = await archive.overview();
    assert.equal(
      counts.reduce((sum, { count }) => sum + count, 0),
      2,
    );
    assert.equal(saves.count, 0);
    const [host] = await archive.hosts.list(10);
    await archive.hosts.setLimits(host?.host ?? '', { concurrency: 1 });
    assert.deepEqual((await archive.hosts.get(host?.host ?? ''))?.override, { concurrency: 1 });
  });

  it('is not there before the start, nor after the end', async () => {
    const archiver = createArchiver({ environment: {} });
    archiver.register(testPortal({ knex: portal.database.knex, settings: { folder: portal.folder } }));
    await assert.rejects(archiver.archive.status(['r1']), { code: 'not-started' });
    await assert.rejects(archiver.archive.runs.list(1), { code: 'not-started' });
    await archiver.start({ roles: [] });
    assert.equal((await archiver.archive.status(['r1'])).length, 1);
    await archiver.stop();
    await assert.rejects(archiver.archive.sweep({ dryRun: true }), { code: 'not-started' });
  });
});
