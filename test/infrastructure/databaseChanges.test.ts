import { afterEach, describe, it } from 'node:test';
import createKnex, { type Knex } from 'knex';
import { proveFault } from '../support/faultProof.ts';
import { freshDatabase } from '../support/postgres.ts';
import { ShownPortal } from '../support/shownPortal.ts';

const REFUSES = /nothing is fetched: a service of ours refuses/;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const endOtherSessions = (knex: Knex) =>
  knex.raw(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`);

describe('while a failover leaves the database read-only', () => {
  it('nothing is fetched again, and everything is archived once when it takes writes', async () => {
    const portal = await ShownPortal.open({
      connect: (url) => createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 20 } }),
    });
    closers.push(() => portal.close());
    const { knex } = portal.database;
    const setReadOnly = async (value: 'on' | 'off') => {
      const { rows } = await knex.raw('select current_database() as name');
      await knex.raw(`alter database ?? set default_transaction_read_only = ${value}`, [rows[0].name]);
    };
    await proveFault(portal, {
      begin: async () => {
        await setReadOnly('on');
        await endOtherSessions(knex);
      },
      // Connections that are pooled since then may still only read.
      end: () => setReadOnly('off'),
      line: /nothing is fetched: a service of ours refuses.*read-only/,
      check: 'database',
    });
  });
});

describe('while the password is rotated and not handed out yet', () => {
  it('nothing is fetched again, and everything is archived once when it is', async () => {
    const role = `rotated_${process.pid}_${Date.now()}`;
    let current = 'first';
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
        const connection = { ...server, password: async () => current };
        return createKnex({ client: 'pg', connection, pool: { min: 0, max: 20 } });
      },
    });
    closers.push(() => portal.close());
    const { knex } = portal.database;
    await proveFault(portal, {
      begin: async () => {
        await knex.raw(`alter role ?? password 'second'`, [role]);
        await endOtherSessions(knex);
      },
      end: () => {
        current = 'second';
      },
      line: REFUSES,
      check: 'database',
    });
  });
});
