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

/** What a new database holds from the beginning: filled once on a server, and copied from then on. */
export interface Template {
  readonly name: string;
  fill(knex: Knex): Promise<unknown>;
}

/** A new database, empty or as its template, on the suite's PostgreSQL, or on one that this process starts and stops itself. */
export async function freshDatabase(template?: Template): Promise<TestDatabase> {
  const adminUrl = process.env['ARCHIVER_TEST_DATABASE_URL'] ?? (await ownPostgres()).url;
  const name = `test_${randomBytes(6).toString('hex')}`;
  const like = template ? await filledTemplate(adminUrl, template) : 'template1';
  // Copying files costs half of what copying blocks through the log does.
  await asAdmin(adminUrl, (admin) => admin.raw(`create database ${name} template ${like} strategy file_copy`));
  const url = urlOf(adminUrl, name);
  const knex = createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 10 } });
  const drop = async () => {
    await knex.destroy();
    await asAdmin(adminUrl, (admin) => admin.raw(`drop database if exists ${name} with (force)`));
  };
  return { url, knex, drop };
}

const urlOf = (adminUrl: string, database: string): string =>
  Object.assign(new URL(adminUrl), { pathname: database }).href;

const filled = new Map<string, Promise<string>>();

/** Its name on the server, where one of the suite's processes fills it, and the others wait for that. */
function filledTemplate(adminUrl: string, template: Template): Promise<string> {
  const known = filled.get(template.name);
  if (known) return known;
  const filling = asAdmin(adminUrl, (admin) => fillOnce(admin, adminUrl, template));
  filled.set(template.name, filling);
  return filling;
}

/** The lock ends with the connection. */
async function fillOnce(admin: Knex, adminUrl: string, { name, fill }: Template): Promise<string> {
  await admin.raw('select pg_advisory_lock(hashtext(?))', [name]);
  const { rows } = await admin.raw('select from pg_database where datname = ?', [name]);
  if (rows.length > 0) return name;
  await admin.raw(`drop database if exists ${name}_growing with (force)`);
  await admin.raw(`create database ${name}_growing`);
  await asAdmin(urlOf(adminUrl, `${name}_growing`), fill);
  await admin.raw(`alter database ${name}_growing rename to ${name}`);
  return name;
}

/**
 * A real PostgreSQL on a free loopback port, with a folder of its own that goes with it. Without `fsync` and
 * `full_page_writes` what it commits may be lost with the machine, which no test minds; a benchmark does.
 */
export async function startPostgres(
  settings = ['fsync=off', 'full_page_writes=off'],
): Promise<{ url: string; stop(): Promise<void> }> {
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

async function asAdmin<Result>(url: string, work: (admin: Knex) => PromiseLike<Result>): Promise<Result> {
  const admin = createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  try {
    return await work(admin);
  } finally {
    await admin.destroy();
  }
}
