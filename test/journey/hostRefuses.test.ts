import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { TableCatalog } from '../../plugin/portal/tableCatalog.ts';
import { freshDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { createPortalTables } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const REASON = "What was archived is kept, but the portal's own table did not take it; the log says why.";

describe('a host whose table refuses what is written back', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    portal = await ShownPortal.open();
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n', headers: { 'Cache-Control': 'no-store' } });
    portal.files.set('/two.csv', { body: 'c,d\n3,4\n' });
  });
  afterEach(() => portal.close());

  const archivalOf = async (id: string) => (await recordsIn(portal.database.knex).archivals.get(id)) ?? assert.fail(id);

  /** Its turn in a sweep has come, however long it was to wait. */
  async function sweepAgain(id: string): Promise<void> {
    const before = await archivalOf(id);
    await portal.database
      .knex('archiver.archival')
      .where({ resource_id: id })
      .update({ next_check_at: new Date(0) });
    await portal.archiver.archive.sweep({ dryRun: false });
    await until(async () => {
      const { checkedAt } = await archivalOf(id);
      return (checkedAt ?? 0) > (before.checkedAt ?? 0) && portal.isTold(id, checkedAt);
    });
  }

  it('has the copy kept and recorded, the publisher left alone, the operator told, and is written to when it takes it', async () => {
    const { knex } = portal.database;
    const records = recordsIn(knex);
    await knex.raw('alter table resource alter column hash type varchar(32)');
    await portal.archived('r1', '/one.csv');

    const refused = await archivalOf('r1');
    assert.deepEqual([refused.code, refused.reason, refused.broken], ['host-refused', REASON, null]);
    const copy = (await records.copies.newest('r1')) ?? assert.fail('no copy');
    assert.equal(refused.copyId, copy.id);
    await portal.agent().get(`/${copy.key}`).expect(200);
    const status = await records.taskStatus.get('r1');
    assert.deepEqual([status?.state, status?.error], ['failure', REASON]);
    const [{ level, fields } = assert.fail('nothing was logged')] = portal.logged;
    assert.equal(level, 'error');
    assert.match(
      JSON.stringify(fields),
      /"code":"host-refused".*"detail":"[^"]*\(hash\): value too long for type character/,
    );
    const { body } = await portal.agent().get('/health/ready').expect(200);
    const told = "The portal's table refuses what was archived of 1 resources (host-refused). The log says why.";
    assert.deepEqual(body.checks.outcomes, { ok: true, detail: told });

    const waits: number[] = [];
    for (let time = 0; time < 6; time++) {
      await sweepAgain('r1');
      const { nextCheckAt, checkedAt } = await archivalOf('r1');
      waits.push(Math.round(((nextCheckAt?.getTime() ?? 0) - (checkedAt?.getTime() ?? 0)) / 3_600_000));
    }
    assert.ok(
      waits.every((hours, i) => hours <= 27 && hours >= Math.min(21, waits[i - 1] ?? 0)),
      waits.join(),
    );
    assert.deepEqual([(await archivalOf('r1')).failureCount, portal.requests], [7, ['/one.csv']]);

    await knex.raw('alter table resource alter column hash type text');
    await sweepAgain('r1');
    const taken = await archivalOf('r1');
    assert.deepEqual([taken.code, taken.broken, taken.failureCount], ['still-fresh', false, 0]);
    assert.deepEqual(portal.requests, ['/one.csv']);
    const row = await knex('resource').where({ id: 'r1' }).first();
    assert.equal(row.hash, `md5:${copy.md5}`);
    assert.ok(row.cache_url.endsWith(copy.key));
    assert.equal((await records.taskStatus.get('r1'))?.state, 'success');
    assert.deepEqual((await portal.agent().get('/health/ready')).body.checks.outcomes, { ok: true, detail: null });
  });

  it('refuses one row by a trigger, and the others of the group are archived', async () => {
    await portal.database.knex.raw(`
      create function frozen() returns trigger language plpgsql as $$
      begin raise exception 'this resource is frozen'; end $$;
      create trigger frozen before update on resource for each row when (old.id = 'r1') execute function frozen()`);
    await portal.archived('r1', '/one.csv');
    await portal.archived('r2', '/two.csv');
    assert.deepEqual([(await archivalOf('r1')).code, (await archivalOf('r2')).code], ['host-refused', 'archived']);
    assert.match(JSON.stringify(portal.logged), /this resource is frozen/);
    assert.deepEqual(portal.requests, ['/one.csv', '/two.csv']);
  });
});

describe("a host's columns", () => {
  it('are compared with what will be written, before anything is', async () => {
    const { knex, drop } = await freshDatabase();
    try {
      await createPortalTables(knex);
      const catalog = new TableCatalog(knex);
      await catalog.check();
      await knex.raw('alter table resource alter column hash type varchar(32), alter column size type date using null');
      await assert.rejects(catalog.check(), {
        code: 'host-unsuitable',
        message:
          "The portal's column resource.hash takes 32 characters; what is written to it has at least 36.\n" +
          "The portal's column resource.size is of type date, which is none of bigint, numeric, double precision, " +
          'integer, text, character varying, character.',
      });
    } finally {
      await drop();
    }
  });
});
