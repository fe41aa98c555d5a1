import type { Knex } from 'knex';
import { migrate } from '../plugin/record/database/migrate.ts';
import { createPortalTables } from '../test/support/testPortal.ts';

/** How large the archive is that reports are made of. */
export interface ReportedArchive {
  readonly resources: number;
  readonly hosts: number;
  readonly organisations: number;
}

/** Of the archive's schema and tables. */
export const ARCHIVE_NAMES = { schema: 'archiver', resourceTable: 'resource', queueName: 'archiver_jobs' };

interface Migration {
  up(knex: Knex, names: typeof ARCHIVE_NAMES): Promise<void>;
  down(knex: Knex, names: typeof ARCHIVE_NAMES): Promise<void>;
}

/**
 * An archive as portals have them: few organisations and hosts have most of the resources, one link in ten is broken, one in
 * ten unsure, organisations lie three deep. Answers how long the migrations of reports took on it, milliseconds.
 */
export async function fillReports(knex: Knex, size: ReportedArchive): Promise<number> {
  await createPortalTables(knex);
  await migrate(knex, ARCHIVE_NAMES, 'up');
  const links = await migration('031_links');
  const counts = await migration('032_report_counts');
  const pages = await migration('033_report_pages');
  await pages.down(knex, ARCHIVE_NAMES);
  await counts.down(knex, ARCHIVE_NAMES);
  await links.down(knex, ARCHIVE_NAMES);
  await fillArchivals(knex, size);
  const started = performance.now();
  await knex.transaction(async (transaction) => {
    await links.up(transaction, ARCHIVE_NAMES);
    await counts.up(transaction, ARCHIVE_NAMES);
    await pages.up(transaction, ARCHIVE_NAMES);
  });
  const migratedMs = performance.now() - started;
  await fillWords(knex, size);
  await knex.raw('vacuum analyze');
  return migratedMs;
}

const migration = (name: string): Promise<Migration> => import(`../migrations/${name}.js`);

/** The host and the organisation of resource n: the first ones have most. */
const HOST = `'h' || floor(:hosts * power(random(), 3))::int || '.example'`;

async function fillArchivals(knex: Knex, { resources, hosts }: ReportedArchive): Promise<void> {
  await knex.raw(
    `insert into archiver.archival (resource_id, dataset_id, url, host, code, reason, broken, link_failure_count, failure_count,
       first_failure_at, checked_at, last_success_at, next_check_at, copy_id)
     select 'r' || lpad(n::text, 7, '0'), 'd' || n / 10, 'https://' || host || '/' || n || '.csv', host,
       case when kind < 0.1 then (array['gone', 'http-error', 'dns', 'timeout'])[1 + n % 4]
         when kind < 0.2 then (array['too-large', 'not-data', 'forbidden'])[1 + n % 3]
         when kind < 0.22 then null else 'archived' end,
       'As it was found.', case when kind < 0.1 then true when kind < 0.22 then null else false end,
       case when kind < 0.1 then 3 + n % 20 else 0 end, case when kind < 0.1 then 3 + n % 20 else 0 end,
       case when kind < 0.1 then now() - random() * interval '400 days' end,
       case when kind < 0.2 or kind > 0.22 then now() - random() * interval '7 days' end, now() - random() * interval '7 days',
       now() + random() * interval '30 days', 'c' || n
     from (select n, random() as kind, ${HOST} as host from generate_series(0, cast(:resources as int) - 1) as n) as r`,
    { resources, hosts },
  );
  await knex.raw(
    `insert into archiver.copy (id, resource_id, dataset_id, key, bytes, md5, sha256, filename, url, final_url, stored_at)
     select copy_id, resource_id, dataset_id, 'archive/20261101T000000Z/' || resource_id || '/file.csv', 1000 + length(url), '', '',
       'file.csv', url, url, now() - random() * interval '90 days' from archiver.archival`,
  );
  await knex.raw(
    `insert into archiver.event (at, resource_id, dataset_id, kind, code, copy_key)
     select now() - random() * interval '90 days', resource_id, dataset_id,
       (array['copy', 'copy', 'copy', 'broken', 'recovered', 'code'])[1 + (random() * 5)::int], code,
       'archive/20261101T000000Z/' || resource_id || '/file.csv' from archiver.archival`,
  );
  await knex.raw(
    `insert into archiver.day_sum (day, host, code, attempts, requests, wire_bytes, ms)
     select current_date - day, 'h' || host || '.example', code, 10, 10, 1000, 1500
     from generate_series(0, 13) as day, generate_series(0, cast(:hosts as int) - 1) as host,
       unnest(array['archived', 'gone']) as code`,
    { hosts },
  );
  await knex.raw(
    `insert into archiver.host_limit (host, tokens, refilled_at, pause_until)
     select 'h' || n || '.example', 1, now(), case when n % 100 = 0 then now() + interval '1 day' end
     from generate_series(0, cast(:hosts as int) - 1) as n`,
    { hosts },
  );
}

/** Ten outermost organisations, each of ten parts, each of which has parts again. */
async function fillWords(knex: Knex, { organisations, resources }: ReportedArchive): Promise<void> {
  await knex.raw(
    `insert into archiver.organisation (id, name, title, parent_id)
     select 'o' || n, 'organisation-' || n, 'Organisation ' || n,
       case when n >= 100 then 'o' || (10 + n % 90) when n >= 10 then 'o' || n % 10 end
     from generate_series(0, cast(:organisations as int) - 1) as n`,
    { organisations },
  );
  await knex.raw(
    `insert into archiver.dataset (id, name, title, page)
     select 'd' || n, 'dataset-' || n, 'Dataset ' || n, '/dataset/dataset-' || n from generate_series(0, cast(:datasets as int)) as n`,
    { datasets: resources / 10 },
  );
  await knex.raw(
    `update archiver.link as l set name = 'Resource ' || l.resource_id, page = '/r/' || l.resource_id,
       organisation_id = 'o' || floor(:organisations * power((('x' || left(md5(l.dataset_id), 7))::bit(28)::int / 268435456.0), 3))::int`,
    { organisations },
  );
}
