import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import createKnex from 'knex';
import { createArchiver } from '../../plugin/plugin.ts';
import { CuttingProxy } from '../support/cuttingProxy.ts';
import { addUnreported, archivedOnce, assertNotAskedAgain, proveFault } from '../support/faultProof.ts';
import { program, skipWithout } from '../support/infrastructure.ts';
import { startPgbouncer, type TestPgbouncer } from '../support/pgbouncer.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const POLLED = /^notifications do not pass the pooler/;
const skip = skipWithout(program('pgbouncer', 'pgbouncer'));

describe('behind a pgbouncer in transaction mode', { skip }, () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function pooled(database: TestDatabase, poolSize = 5): Promise<TestPgbouncer> {
    const pooler = await startPgbouncer(database.url, { poolSize });
    closers.push(() => pooler.stop());
    return pooler;
  }

  const knexAt = (url: string) => createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 10 } });

  /** What stays of sessions in the server's connections, for whoever is lent them next. */
  async function leftovers({ knex }: TestDatabase): Promise<readonly unknown[]> {
    const locks = await knex.raw(
      `select locktype from pg_locks where locktype = 'advisory' and database = (
        select oid from pg_database where datname = current_database())`,
    );
    return locks.rows;
  }

  it('everything is archived once, saves and jobs are looked for, and that is said once', async () => {
    const database = await freshDatabase();
    const pooler = await pooled(database);
    const portal = await ShownPortal.open({ database, connect: () => knexAt(pooler.url) });
    closers.push(() => portal.close());
    const ids = await addUnreported(portal, 3);
    portal.files.set('/saved.csv', { body: 'id,value\nsaved,1\n' });
    await portal.save('saved', '/saved.csv');
    await portal.archiver.archive.sweep({ dryRun: false });
    await archivedOnce(portal, [...ids, 'saved']);
    assertNotAskedAgain(portal, [...ids, 'saved']);
    assert.deepEqual(await leftovers(database), []);
    assert.equal(portal.logged.filter(({ message }) => POLLED.test(message)).length, 0, 'it is no warning');
  });

  it('processes start and stop beside each other again and again, and leave no lock behind', async () => {
    const database = await freshDatabase();
    closers.push(() => database.drop());
    const pooler = await pooled(database, 3);
    await createPortalTables(database.knex);
    const said: string[] = [];
    const folder = await mkdtemp(join(tmpdir(), 'archiver-pooled-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    for (let round = 0; round < 3; round++) {
      const knexes = [0, 1, 2].map(() => knexAt(pooler.url));
      const archivers = knexes.map((knex) => {
        const archiver = createArchiver({ environment: {} });
        const logger = { ...SILENT, info: (_: object, message = '') => void said.push(message) };
        archiver.register(testPortal({ knex, logger, settings: { folder } }));
        return archiver;
      });
      await Promise.all(archivers.map((archiver) => archiver.start()));
      await Promise.all(archivers.map((archiver) => archiver.stop()));
      for (const knex of knexes) await knex.destroy();
      assert.deepEqual(await leftovers(database), []);
    }
    assert.equal(said.filter((message) => POLLED.test(message)).length, 9);
  });

  it('nothing is fetched again while the pooler is away, and everything is archived once when it is back', async () => {
    const database = await freshDatabase();
    const pooler = await pooled(database);
    const proxy = await CuttingProxy.before(pooler.url);
    closers.push(() => proxy.close());
    const portal = await ShownPortal.open({ database, connect: () => knexAt(proxy.through(pooler.url)) });
    closers.push(() => portal.close());
    await proveFault(portal, {
      begin: () => proxy.cut(),
      end: () => proxy.resume(),
      line: /nothing is fetched: a service of ours refuses/,
      check: 'database',
    });
  });

  it('a direct connection for notifications is used where one is named', async () => {
    const database = await freshDatabase();
    const pooler = await pooled(database);
    const portal = await ShownPortal.open({
      database,
      connect: () => knexAt(pooler.url),
      settings: { listenUrl: database.url },
    });
    closers.push(() => portal.close());
    const sql = `select query from pg_stat_activity where query ilike 'listen %' and datname = current_database()`;
    await until(async () => (await database.knex.raw(sql)).rows.length === 2);
  });
});
