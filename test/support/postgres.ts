import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import createKnex, { type Knex } from 'knex';
import { openCluster } from '../../plugin/record/cluster/openCluster.ts';

export interface TestDatabase {
  readonly url: string;
  readonly knex: Knex;
  drop(): Promise<void>;
}

let own: Promise<{ url: string; stop(): Promise<void> }> | null = null;

// A test file that is run by itself, without the suite's services. The hook must stand at the file's own level.
if (process.env['NODE_TEST_CONTEXT'] && !process.env['ARCHIVER_TEST_DATABASE_URL']) {
  after(async () => (await own)?.stop());
}

/** A new, empty database on the suite's PostgreSQL, or on one that this process starts and stops itself. */
export async function freshDatabase(): Promise<TestDatabase> {
  const adminUrl = process.env['ARCHIVER_TEST_DATABASE_URL'] ?? (await ownPostgres()).url;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, (admin) => admin.raw(`create database ${name}`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const knex = createKnex({ client: 'pg', connection: url.href, pool: { min: 0, max: 10 } });
  const drop = async () => {
    await knex.destroy();
    await asAdmin(adminUrl, (admin) => admin.raw(`drop database if exists ${name} with (force)`));
  };
  return { url: url.href, knex, drop };
}

/**
 * A real PostgreSQL on a free loopback port, with a folder of its own that goes with it. Without `fsync` what it commits may be
 * lost with the machine, which no test minds; a benchmark does.
 */
export async function startPostgres(settings = ['fsync=off']): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-postgres-'));
  const cluster = await openCluster({
    folder,
    password: 'postgres',
    port: null,
    settings,
    environment: process.env,
  });
  const stop = async () => {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { url: cluster.url, stop };
}

function ownPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  own ??= startPostgres();
  return own;
}

async function asAdmin(url: string, work: (admin: Knex) => PromiseLike<unknown>): Promise<void> {
  const admin = createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  try {
    await work(admin);
  } finally {
    await admin.destroy();
  }
}
