import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import createKnex, { type Knex } from 'knex';
import { archivedOnce } from '../support/faultProof.ts';
import { freshDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Sessions that begin from now on may only read, or may write; those that are there stay as they are. */
async function newSessions(knex: Knex, mode: 'read only' | 'read write'): Promise<void> {
  const { rows } = await knex.raw('select current_database() as name');
  const value = mode === 'read only' ? 'on' : 'off';
  await knex.raw(`alter database ?? set default_transaction_read_only = ${value}`, [rows[0].name]);
}

const otherSessions = `from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;

describe('after a failover', () => {
  it('pooled connections that may only read are dropped, and the statement goes through', async () => {
    const { knex: admin, url, drop } = await freshDatabase();
    closers.push(drop);
    const knex = createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 4 } });
    closers.push(() => knex.destroy());
    await admin.raw('create schema archiver');
    await admin.raw(
      'create table archiver.named_lease (name text primary key, owner text, until timestamptz, cursor text)',
    );
    await newSessions(admin, 'read only');
    const sleep = () => knex.raw('select pg_sleep(0.2), pg_backend_pid() as pid');
    const left: { rows: { pid: number }[] }[] = await Promise.all([sleep(), sleep(), sleep(), sleep()]);
    await newSessions(admin, 'read write');

    const { leases, takesWrites } = recordsIn(knex);
    await leases.setPause('w', 'a reason', 60_000);
    assert.deepEqual(await leases.pauses(), [{ owner: 'w', reason: 'a reason' }]);
    await Promise.all([takesWrites(), takesWrites(), takesWrites(), takesWrites()]);
    const pids = left.flatMap(({ rows }) => rows.map(({ pid }) => pid));
    await until(async () => {
      const { rows } = await admin.raw(`select pid ${otherSessions} and pid = any(?)`, [pids]);
      return rows.length === 0;
    });
  });

  it('readiness fails while the database may only be read, and everything is archived once it takes writes', async () => {
    const portal = await ShownPortal.open({
      connect: (url) => createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 20 } }),
    });
    closers.push(() => portal.close());
    const { knex: admin } = portal.database;
    portal.files.set('/r1.csv', { body: 'a,b\n1,2\n' });
    await newSessions(admin, 'read only');
    await admin.raw(`select pg_terminate_backend(pid) ${otherSessions}`);
    await until(async () => {
      const { status, body } = await portal.agent().get('/health/ready');
      return status === 503 && body.checks.database.ok === false;
    });
    await until(() => portal.logged.some(({ fields }) => JSON.stringify(fields).includes('transaction_read_only')));
    await newSessions(admin, 'read write');
    await until(async () => (await portal.agent().get('/health/ready')).body.checks.database.ok === true);
    // Connections that are pooled since then may still only read; the save is not lost.
    await portal.save('r1', '/r1.csv');
    await archivedOnce(portal, ['r1']);
    assert.ok(!portal.logged.some(({ message }) => /^a save was not recorded/.test(message)));
  });
});

describe('a password that changes', () => {
  for (const [how, connectionWith] of [
    [
      'a function of the password',
      (server: object, current: () => string) => ({ ...server, password: async () => current() }),
    ],
    [
      'a function of the connection',
      (server: object, current: () => string) => async () => {
        const password = current();
        return { ...server, password, expirationChecker: () => password !== current() };
      },
    ],
  ] as const)
    it(`is asked of ${how} for each new connection, by the queue and the listener too`, async () => {
      const role = `token_${process.pid}_${Date.now()}`;
      let current = 'first';
      const setPassword = async (knex: Knex, password: string) => {
        await knex.raw(`alter role ?? password '${password}'`, [role]);
        current = password;
      };
      const made = await freshDatabase();
      await made.knex.raw(`create role ?? superuser login password 'first'`, [role]);
      closers.push(async () => {
        await made.knex.raw('drop role ??', [role]);
        await made.drop();
      });
      const portal = await ShownPortal.open({
        connect: (direct) => {
          const { hostname: host, port, pathname } = new URL(direct);
          const server = { host, port: Number(port), user: role, database: pathname.slice(1) };
          const connection = connectionWith(server, () => current);
          return createKnex({ client: 'pg', connection, pool: { min: 0, max: 20 } });
        },
      });
      closers.push(() => portal.close());
      portal.files.set('/r1.csv', { body: 'a,b\n1,2\n' });
      await setPassword(portal.database.knex, 'second');
      await portal.database.knex.raw(`select pg_terminate_backend(pid) ${otherSessions}`);
      await until(async () => (await portal.agent().get('/health/ready')).status === 200, 30);
      await portal.save('r1', '/r1.csv');
      await archivedOnce(portal, ['r1']);
    });
});
