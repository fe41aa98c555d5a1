/** Makes the schema and the tables that are missing. */
export const TABLES = `
  create schema if not exists :schema:;
  create table if not exists :schema:.mirror (
    only_row boolean primary key default true check (only_row),
    site text not null,
    listed_until timestamptz
  );
  create table if not exists :schema:.dataset (
    id text primary key,
    name text not null,
    title text,
    private boolean not null,
    state text not null default 'active',
    modified_at timestamptz,
    missing_count integer not null default 0,
    write_paused_until timestamptz
  );
  alter table :schema:.dataset add column if not exists owner_org text;
  create table if not exists :schema:.organisation (
    id text primary key,
    name text not null,
    title text
  );
  create index if not exists dataset_name on :schema:.dataset (name);
  create table if not exists :schema:.resource (
    id text primary key,
    package_id text not null,
    url text not null,
    name text,
    format text,
    url_type text,
    state text not null default 'active',
    position integer not null,
    cache_url text,
    cache_last_updated timestamptz,
    hash text,
    size bigint,
    mimetype text,
    remote_cache_url text,
    remote_cache_last_updated timestamptz,
    remote_hash text,
    remote_size bigint,
    remote_mimetype text,
    task_status_sent_at timestamptz
  );
  create index if not exists resource_package on :schema:.resource (package_id);
  comment on schema :schema: is 'The catalogue of a CKAN portal that portal-archiver mirrors.'`;

/** A dataset that the portal lists again is an update, only where something differs: rows stay as they are otherwise. */
export const PUT_DATASETS = `
  with given as (
    select * from unnest(cast(:ids as text[]), cast(:names as text[]), cast(:titles as text[]),
      cast(:privates as boolean[]), cast(:modifiedAts as timestamptz[]), cast(:ownerIds as text[]))
      as g (id, name, title, private, modified_at, owner_org)),
  known as (select id, modified_at from :schema:.dataset where id = any(cast(:ids as text[]))),
  kept as (
    insert into :schema:.dataset as d (id, name, title, private, modified_at, owner_org)
    select id, name, title, private, modified_at, owner_org from given order by id
    on conflict (id) do update set name = excluded.name, title = excluded.title, private = excluded.private,
      modified_at = excluded.modified_at, owner_org = excluded.owner_org, missing_count = 0
    where (d.name, d.title, d.private, d.modified_at, d.owner_org, d.missing_count)
      is distinct from (excluded.name, excluded.title, excluded.private, excluded.modified_at, excluded.owner_org, 0))
  select given.id from given left join known using (id)
  where known.id is null or known.modified_at is distinct from given.modified_at`;

/** The names that the newest listing gave them. */
export const PUT_ORGANISATIONS = `
  insert into :schema:.organisation as o (id, name, title)
  select * from unnest(cast(:ids as text[]), cast(:names as text[]), cast(:titles as text[])) as g (id)
  order by g.id
  on conflict (id) do update set name = excluded.name, title = excluded.title
  where (o.name, o.title) is distinct from (excluded.name, excluded.title)`;

/** A copy of what another URL led to is not said to be this one's. */
export const PUT_RESOURCES = `
  insert into :schema:.resource as r (id, package_id, url, name, format, url_type, position, remote_cache_url,
    remote_cache_last_updated, remote_hash, remote_size, remote_mimetype)
  select * from unnest(cast(:ids as text[]), cast(:datasetIds as text[]), cast(:urls as text[]), cast(:names as text[]),
    cast(:formats as text[]), cast(:urlTypes as text[]), cast(:positions as integer[]), cast(:cacheUrls as text[]),
    cast(:cacheLastUpdateds as timestamptz[]), cast(:hashes as text[]), cast(:sizes as bigint[]),
    cast(:mimetypes as text[])) as g (id)
  order by g.id
  on conflict (id) do update set package_id = excluded.package_id, url = excluded.url, name = excluded.name,
    format = excluded.format, url_type = excluded.url_type, position = excluded.position,
    cache_url = case when r.url = excluded.url then r.cache_url end,
    cache_last_updated = case when r.url = excluded.url then r.cache_last_updated end,
    remote_cache_url = excluded.remote_cache_url, remote_cache_last_updated = excluded.remote_cache_last_updated,
    remote_hash = excluded.remote_hash, remote_size = excluded.remote_size, remote_mimetype = excluded.remote_mimetype
  where (r.package_id, r.url, r.name, r.format, r.url_type, r.position, r.remote_cache_url,
      r.remote_cache_last_updated, r.remote_hash, r.remote_size, r.remote_mimetype)
    is distinct from (excluded.package_id, excluded.url, excluded.name, excluded.format, excluded.url_type,
      excluded.position, excluded.remote_cache_url, excluded.remote_cache_last_updated, excluded.remote_hash,
      excluded.remote_size, excluded.remote_mimetype)`;

/** What the listed datasets have no longer. */
export const DROP_RESOURCES = `
  delete from :schema:.resource where package_id = any(cast(:datasetIds as text[])) and not (id = any(cast(:ids as text[])))
  returning id, package_id as "datasetId"`;
