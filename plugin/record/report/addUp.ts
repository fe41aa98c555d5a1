import type { Database } from '../database/Database.ts';
import type { ReportView } from '../Reports.ts';
import { countsOf, SUMS } from './countedLinks.ts';

/** So many changes in one statement. */
const CHANGES = 20_000;

/** In one order for all, so that two who add up at the same time do not wait for each other in a circle. */
const ADD_UP = `
  with taken as (
      delete from :schema:.report_change
      where id in (select id from :schema:.report_change order by id limit ${CHANGES} for update skip locked)
      returning scope, subject, code, failures, count, bytes),
    kept as (
      insert into :schema:.report_count as c (scope, subject, code, failures, count, bytes)
      select scope, subject, code, failures, sum(count), sum(bytes) from taken
      group by 1, 2, 3, 4 having sum(count) <> 0 or sum(bytes) <> 0 order by 1, 2, 3, 4
      on conflict (scope, subject, code, failures) do update
      set count = c.count + excluded.count, bytes = c.bytes + excluded.bytes)
  select count(*)::int as count from taken`;

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

/** Adds up every change that is committed, and notes how things stand on this day. */
export async function addUp(
  { rows }: Database,
  { confirmFailures, now }: Pick<ReportView, 'confirmFailures' | 'now'>,
): Promise<void> {
  for (;;) {
    const [taken] = await rows<{ count: number }>('adding up reports', ADD_UP);
    if ((taken?.count ?? 0) < CHANGES) break;
  }
  await rows('adding up reports', DROP_NOTHING);
  await rows('noting how links stand', NOTE_DAY, { confirmFailures, now });
}
