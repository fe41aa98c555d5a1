import type { Knex } from 'knex';
import { migrate } from '../plugin/record/database/migrate.ts';
import { createPortalTables } from '../test/support/testPortal.ts';

export interface Filling {
  readonly count: number;
  readonly hosts: number;
  /** Of the resources, 0 to 1. */
  readonly dueShare: number;
  readonly port: number;
  /** How long the copies are fresh; 0: not at all. */
  readonly freshSeconds: number;
}

/** A portal and an archive of `count` resources that were archived before, put there without fetching. */
export async function fillArchive(knex: Knex, filling: Filling): Promise<void> {
  const { count, hosts, dueShare, port, freshSeconds } = filling;
  await createPortalTables(knex);
  await migrate(knex, { schema: 'archiver', resourceTable: 'resource', queueName: 'archiver_jobs' }, 'up');
  await knex('package').insert({ id: 'd1', name: 'd1', private: false });
  const host = `'127.' || (n % :hosts) / 65536 || '.' || (n % :hosts) / 256 % 256 || '.' || (n % :hosts) % 256 + 1 || ':' || :port`;
  await knex.raw(
    `insert into resource (id, package_id, url, name)
     select 'r' || lpad(n::text, 7, '0'), 'd1', 'http://' || ${host} || '/' || n || '.csv', 'r' || n
     from generate_series(0, cast(:count as int) - 1) as n`,
    { count, hosts, port: String(port) },
  );
  await knex.raw(
    `insert into archiver.archival (resource_id, dataset_id, url, host, code, broken, checked_at, last_success_at,
       next_check_at, known, unchanged_count)
     select id, 'd1', url, split_part(url, '/', 3), 'archived', false, now() - interval '1 hour', now() - interval '1 hour',
       case when random() < :dueShare then now() - random() * interval '1 hour'
         else now() + (1 + 719 * random()) * interval '1 hour' end,
       jsonb_build_object('url', url, 'storedAt', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'status', 200,
         'headers', jsonb_build_object('etag', '"1"', 'content-type', 'text/csv', 'date',
           to_char(now() at time zone 'utc', 'Dy, DD Mon YYYY HH24:MI:SS "GMT"'),
           'cache-control', cast(:cacheControl as text)),
         'bytes', 20, 'md5', repeat('0', 32), 'sha256', repeat('0', 64), 'ok', true), 1
     from resource`,
    { dueShare, cacheControl: freshSeconds > 0 ? `max-age=${freshSeconds}` : 'no-cache' },
  );
  await knex.raw(
    `insert into archiver.task_status (entity_id, entity_type, task_type, key, value, state, error, last_updated)
     select id, 'resource', 'archiver', 'status', '{}', 'success', '', now() from resource`,
  );
  await knex.raw('vacuum analyze');
}
