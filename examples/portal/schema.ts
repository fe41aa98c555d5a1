import type { Knex } from 'knex';

/** The portal's own tables, after CKAN's; what the archiver needs beside them it adds itself. */
export async function createTables(knex: Knex): Promise<void> {
  await knex.transaction(async (transaction) => {
    // Several processes may start at the same time.
    await transaction.raw(`select pg_advisory_xact_lock(hashtext('portal-archiver example'))`);
    await transaction.raw(`create table if not exists package (
      id text primary key,
      name text not null unique,
      title text not null,
      notes text not null,
      license_id text not null,
      private boolean not null,
      state text not null default 'active',
      metadata_created timestamptz not null default now(),
      metadata_modified timestamptz not null default now()
    )`);
    await transaction.raw(`create table if not exists "group" (
      id text primary key,
      name text not null unique,
      title text not null,
      is_organization boolean not null default true,
      state text not null default 'active'
    )`);
    await transaction.raw(`create table if not exists member (
      id text primary key,
      table_name text not null,
      table_id text not null,
      group_id text not null references "group",
      state text not null default 'active'
    )`);
    await transaction.raw('alter table package add column if not exists owner_org text references "group"');
    await transaction.raw(
      'alter table package add column if not exists maintainer text, add column if not exists maintainer_email text',
    );
    await transaction.raw(`create table if not exists resource (
      id text primary key,
      package_id text not null references package,
      url text not null,
      name text not null,
      description text not null,
      format text not null,
      url_type text,
      position integer not null,
      hash text,
      size bigint,
      mimetype text,
      state text not null default 'active',
      created timestamptz not null default now(),
      metadata_modified timestamptz not null default now()
    )`);
    await transaction.raw('create index if not exists resource_package on resource (package_id)');
    await transaction.raw('create table if not exists portal_setting (key text primary key, value text not null)');
  });
}

/** Where the portal and its publisher are reached; kept in the database for the workers beside the portal. */
export interface Addresses {
  readonly site: string;
  readonly publisher: string;
}

/** null: no portal ever started on this database. */
export async function readAddresses(knex: Knex): Promise<Addresses | null> {
  if (!(await knex.schema.hasTable('portal_setting'))) return null;
  const rows: { key: string; value: string }[] = await knex('portal_setting').select('key', 'value');
  const { site, publisher } = Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  return site && publisher ? { site, publisher } : null;
}

/** Replaces those of an earlier start. */
export async function writeAddresses(knex: Knex, addresses: Addresses): Promise<void> {
  const rows = Object.entries(addresses).map(([key, value]) => ({ key, value }));
  await knex('portal_setting').insert(rows).onConflict('key').merge();
}
