import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import type { PausedHost, RecentChanges, ReportDay, ReportOverview, ReportView } from '../Reports.ts';
import { countAllLinks, countLinksOf, countsOf, NO_LINKS } from './countedLinks.ts';

const DAY_MS = 24 * 3_600_000;
const DAYS = 90;
const PAUSED = 20;

const kindsSince = (since: string, kind: string): string =>
  `coalesce(sum(c.count) filter (where c.code = '${kind}' and c.subject > :${since}), 0)::float8`;

/** Hours of UTC as text, in whose order they lie. */
const RECENT = `
  select ${kindsSince('day', 'copy')} as "dayCopies", ${kindsSince('day', 'broken')} as "dayBroken",
    ${kindsSince('day', 'recovered')} as "dayRecovered", ${kindsSince('week', 'copy')} as "weekCopies",
    ${kindsSince('week', 'broken')} as "weekBroken", ${kindsSince('week', 'recovered')} as "weekRecovered",
    (select coalesce(sum(count), 0)::float8 from ${countsOf('copy')} as k) as copies,
    (select coalesce(sum(bytes), 0)::float8 from ${countsOf('copy')} as k) as bytes
  from ${countsOf('hour')} as c where c.subject > :week`;

const DAY_ROWS = `
  with happened as (
      select left(subject, 10) as day, sum(count) filter (where code = 'copy') as "newCopies",
        sum(bytes) filter (where code = 'copy') as "newBytes", sum(count) filter (where code = 'broken') as "newlyBroken",
        sum(count) filter (where code = 'recovered') as recovered
      from ${countsOf('hour')} as c where subject >= :first group by 1),
    stood as (select to_char(day, 'YYYY-MM-DD') as day, broken, bytes from :schema:.report_day where day >= cast(:first as date))
  select to_char(g.day, 'YYYY-MM-DD') as day, coalesce(h."newCopies", 0)::float8 as "newCopies",
    coalesce(h."newBytes", 0)::float8 as "newBytes", coalesce(h."newlyBroken", 0)::float8 as "newlyBroken",
    coalesce(h.recovered, 0)::float8 as recovered, s.broken::float8 as broken, s.bytes::float8 as bytes
  from generate_series(cast(:first as timestamp), cast(:last as timestamp), interval '1 day') as g (day)
    left join happened as h on h.day = to_char(g.day, 'YYYY-MM-DD')
    left join stood as s on s.day = to_char(g.day, 'YYYY-MM-DD')
  order by g.day`;

const PAUSED_HOSTS = `
  select host, ${moment('greatest(pause_until, open_until)')} as until,
    case when open_until > cast(:now as timestamptz) then 'unreachable' else 'asked' end as reason,
    count(*) over ()::float8 as total
  from :schema:.host_limit
  where pause_until > cast(:now as timestamptz) or open_until > cast(:now as timestamptz)
  order by greatest(pause_until, open_until) desc, host limit ${PAUSED}`;

type Recent = Readonly<Record<`${'day' | 'week'}${'Copies' | 'Broken' | 'Recovered'}` | 'copies' | 'bytes', number>>;

/** Whether the archive is well, from counts alone. */
export async function overviewReport(database: Database, view: ReportView): Promise<ReportOverview> {
  const [links, recent, days, hosts] = await Promise.all([
    countAllLinks(database, view),
    recentChanges(database, view),
    reportDays(database, view),
    pausedHosts(database, view),
  ]);
  // Today as it stands now: it was noted minutes ago, or not yet.
  const now = { broken: links.broken, bytes: recent.bytes };
  return {
    links,
    ...recent,
    ...hosts,
    days: days.map((day, at) => (at === days.length - 1 ? { ...day, ...now } : day)),
  };
}

async function recentChanges(database: Database, { now }: ReportView) {
  const bindings = { day: hourOf(now.getTime() - DAY_MS), week: hourOf(now.getTime() - 7 * DAY_MS) };
  const [row] = await database.rows<Recent>('counting what happened', RECENT, bindings);
  return {
    day: changes(row?.dayCopies, row?.dayBroken, row?.dayRecovered),
    week: changes(row?.weekCopies, row?.weekBroken, row?.weekRecovered),
    copies: row?.copies ?? 0,
    bytes: row?.bytes ?? 0,
  };
}

const changes = (newCopies = 0, newlyBroken = 0, recovered = 0): RecentChanges => ({
  newCopies,
  newlyBroken,
  recovered,
});

/** As the hours are kept: `2026-11-29T08`. */
const hourOf = (ms: number): string => new Date(ms).toISOString().slice(0, 13);

function reportDays(database: Database, { now }: ReportView): Promise<readonly ReportDay[]> {
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const bindings = { first: dayOf(now.getTime() - (DAYS - 1) * DAY_MS), last: dayOf(now.getTime()) };
  return database.rows<ReportDay>('reading what happened by day', DAY_ROWS, bindings);
}

type PausedRow = Omit<PausedHost, 'links'> & { readonly total: number };

async function pausedHosts(
  database: Database,
  view: ReportView,
): Promise<Pick<ReportOverview, 'paused' | 'hostsPaused'>> {
  const rows = await database.rows<PausedRow>('reading paused hosts', PAUSED_HOSTS, { now: view.now });
  const hosts = rows.map(({ host }) => host);
  const links = hosts.length === 0 ? null : await countLinksOf(database, 'host', hosts, view);
  return {
    hostsPaused: rows[0]?.total ?? 0,
    paused: rows.map(({ total: _, ...paused }) => ({ ...paused, links: links?.get(paused.host) ?? NO_LINKS })),
  };
}
