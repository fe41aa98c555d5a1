import type { Database } from '../database/Database.ts';
import type { ReportView } from '../Reports.ts';
import { countsOf, SUMS } from './countedLinks.ts';

/** So many changes in one statement. */
const CHANGES = 20_000;

/**
 * By their places in the table, of which a join would read all. In one order for all, so that two who add up at the same time do
 * not wait for each other in a circle.
 */
const ADD_UP = `
  with taken as (
      delete from :schema:.report_change
      where ctid = any(array(
        select ctid from :schema:.report_change where id > :after order by id limit ${CHANGES} for update skip locked))
      returning id, scope, subject, code, failures, count, bytes),
    kept as (
      insert into :schema:.report_count as c (scope, subject, code, failures, count, bytes)
      select scope, subject, code, failures, sum(count), sum(bytes) from taken
      group by 1, 2, 3, 4 having sum(count) <> 0 or sum(bytes) <> 0 order by 1, 2, 3, 4
      on conflict (scope, subject, code, failures) do update
      set count = c.count + excluded.count, bytes = c.bytes + excluded.bytes)
  select count(*)::int as count, max(id)::float8 as last, to_jsonb(array_agg(distinct subject) filter (where scope = 'host')) as hosts
  from taken`;

const SUM_HOSTS = `
  insert into :schema:.report_host (host, archived, broken, unsure, unfetched, confirm_failures)
  select c.subject, ${SUMS}, cast(:confirmFailures as int) from :schema:.report_count as c
  where c.scope = 'host' and c.subject <> '' and (cast(:hosts as text[]) is null or c.subject = any(cast(:hosts as text[])))
  group by c.subject order by c.subject
  on conflict (host) do update set archived = excluded.archived, broken = excluded.broken, unsure = excluded.unsure,
    unfetched = excluded.unfetched, confirm_failures = excluded.confirm_failures`;

/** A host of which nothing is counted any more has no row to be summed. */
const DROP_HOSTS = `
  delete from :schema:.report_host as h where not exists (
    select from :schema:.report_count as c where c.scope = 'host' and c.subject = h.host and c.count <> 0)`;

const ARE_HOSTS_OLD = `
  select exists (select from :schema:.report_host where confirm_failures <> :confirmFailures) as old`;

const DROP_NOTHING = 'delete from :schema:.report_count where count = 0 and bytes = 0';

/** Every five minutes is often enough for a picture of days. */
const NOTE_DAY = `
  insert into :schema:.report_day (day, archived, broken, unsure, unfetched, copies, bytes, at)
  select cast(:now as timestamptz) at time zone 'UTC', l.*, k.copies, k.bytes, :now
  from (select ${SUMS} from ${countsOf('organisation')} as c) as l,
    (select coalesce(sum(count), 0) as copies, coalesce(sum(bytes), 0) as bytes from ${countsOf('copy')} as c) as k
  where not exists (
    select from :schema:.report_day where day = cast(cast(:now as timestamptz) at time zone 'UTC' as date)
      and at > cast(:now as timestamptz) - interval '5 minutes')
  on conflict (day) do update set archived = excluded.archived, broken = excluded.broken, unsure = excluded.unsure,
    unfetched = excluded.unfetched, copies = excluded.copies, bytes = excluded.bytes, at = excluded.at`;

interface Taken {
  readonly count: number;
  readonly last: number;
  readonly hosts: readonly string[] | null;
}

/** Adds up every change that is committed, and notes how things stand on this day. */
export async function addUp(
  database: Database,
  { confirmFailures, now }: Pick<ReportView, 'confirmFailures' | 'now'>,
): Promise<void> {
  const { rows } = database;
  let isAnything = false;
  // Not from the beginning each time: until they are vacuumed what was taken before still has to be passed by.
  for (let after = 0; ; ) {
    const taken = await addUpSome(database, after, confirmFailures);
    isAnything ||= taken.count > 0;
    if (taken.count < CHANGES) break;
    after = taken.last;
  }
  const [hosts] = await rows<{ old: boolean }>('adding up reports', ARE_HOSTS_OLD, { confirmFailures });
  if (hosts?.old) await rows('adding up hosts', SUM_HOSTS, { confirmFailures, hosts: null });
  if (isAnything) {
    await rows('adding up reports', DROP_NOTHING);
    await rows('adding up hosts', DROP_HOSTS);
  }
  await rows('noting how links stand', NOTE_DAY, { confirmFailures, now });
}

/** The sums of the hosts follow in the same transaction. */
function addUpSome({ guard, knex, rows }: Database, after: number, confirmFailures: number): Promise<Taken> {
  const doing = 'adding up reports';
  return guard(doing, () =>
    knex.transaction(async (on) => {
      const [taken] = await rows<Taken>(doing, ADD_UP, { after }, on);
      const hosts = taken?.hosts ?? [];
      if (hosts.length > 0) await rows(doing, SUM_HOSTS, { confirmFailures, hosts }, on);
      return taken ?? { count: 0, last: after, hosts: null };
    }),
  );
}
