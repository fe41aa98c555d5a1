import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import type { HostDay, HostOrder, HostPage, HostQuery, HostStory, ReportedHost } from '../ReportedHosts.ts';
import type { ReportView } from '../Reports.ts';
import { countsOf, SUMS } from './countedLinks.ts';
import { readCursor, writeCursor } from './cursor.ts';

/** Two numbers that sort the hosts, the smaller first; the name decides between equals. */
const RANKS: Readonly<Record<HostOrder, readonly [string, string]>> = {
  broken: ['-broken', '0'],
  links: ['-(archived + broken + unsure + unfetched)', '0'],
  host: ['0', '0'],
  paused: ['case when "pausedUntil" is not null or "deadUntil" is not null then 0 else 1 end', '-broken'],
};

const MEAN_DAYS = 7;
/** Links whose newest attempts are looked at for what a host answered last. */
const LINKS_LOOKED_AT = 500;
const ANSWERS = 20;

/** As they were added up last, for sorting them all; a single one is counted. */
const ALL_HOSTS = `
  known as (
    select coalesce(c.host, h.host) as host, coalesce(c.archived, 0)::float8 as archived, coalesce(c.broken, 0)::float8 as broken,
      coalesce(c.unsure, 0)::float8 as unsure, coalesce(c.unfetched, 0)::float8 as unfetched, h.override,
      case when h.pause_until > cast(:now as timestamptz) then h.pause_until end as "pausedUntil",
      case when h.open_until > cast(:now as timestamptz) then h.open_until end as "deadUntil",
      coalesce(h.dead_count, 0) as "deadCount",
      case when h.bytes_day = cast(cast(:now as timestamptz) at time zone 'UTC' as date) then h.bytes else 0 end as "bytesToday"
    from COUNTED as c full join :schema:.host_limit as h on h.host = c.host)`;

const SORTED_HOSTS = ALL_HOSTS.replace('COUNTED', ':schema:.report_host');

const ONE_HOST = ALL_HOSTS.replace(
  'COUNTED',
  `(select * from (
      select c.subject as host, ${SUMS} from ${countsOf('host')} as c where c.subject = :host group by c.subject) as c
    where c.archived + c.broken + c.unsure + c.unfetched > 0)`,
).replace(':schema:.host_limit as h', '(select * from :schema:.host_limit where host = :host) as h');

/** The index on `day_sum` is of another collation than the hosts are. */
const LATENCY = `
  left join lateral (
    select sum(s.attempts)::float8 as attempts, sum(s.ms) / nullif(sum(s.attempts), 0) as mean from :schema:.day_sum as s
    where s.host = k.host collate "default" and s.day > cast(cast(:now as timestamptz) at time zone 'UTC' as date) - ${MEAN_DAYS}) as s on true`;

const HOST_LIST = `k.host, k.archived, k.broken, k.unsure, k.unfetched, k.override, ${moment('k."pausedUntil"')} as "pausedUntil",
  ${moment('k."deadUntil"')} as "deadUntil", k."deadCount", k."bytesToday"::float8 as "bytesToday", s.mean as "meanMs",
  coalesce(s.attempts, 0) as attempts`;

const NEWEST_ANSWERS = `
  select t.resource_id as "resourceId", ${moment('t.at')} as at, t.code, t.reason, t.status, t.ms, t.first_byte_ms as "firstByteMs"
  from (select resource_id from :schema:.link where host = :host order by changed_at desc limit ${LINKS_LOOKED_AT}) as l
    join :schema:.attempt as t on t.resource_id = l.resource_id
  order by t.at desc limit ${ANSWERS}`;

const HOST_DAYS = `
  select to_char(day, 'YYYY-MM-DD') as day, code, attempts::float8 as attempts, ms / nullif(attempts, 0) as "meanMs"
  from :schema:.day_sum
  where host = :host and day > cast(cast(:now as timestamptz) at time zone 'UTC' as date) - 90 order by day, code`;

type HostRow = Omit<ReportedHost, 'links'> & ReportedHost['links'];
type RankedRow = HostRow & { readonly one: number; readonly two: number };

/** Publishers' hosts: how their links stand, and how they are asked. */
export class HostReport {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async page(query: HostQuery, { confirmFailures, now }: ReportView): Promise<HostPage> {
    const { order, contains = '', after, limit } = query;
    const [one, two] = RANKS[order];
    const [lastOne = 0, lastTwo = 0, lastHost = ''] = after === null ? [] : readCursor(after, order, CURSOR);
    const sql = `with ${SORTED_HOSTS},
      ranked as (select *, (${one})::float8 as one, (${two})::float8 as two from known where position(:contains in host) > 0),
      k as (
        select * from ranked
        where ${after === null ? 'true' : '(one, two, host) > (cast(:lastOne as float8), cast(:lastTwo as float8), :lastHost)'}
        order by one, two, host limit :more)
      select ${HOST_LIST}, k.one, k.two from k ${LATENCY} order by k.one, k.two, k.host`;
    const bindings = {
      confirmFailures,
      now,
      contains: contains.toLowerCase(),
      lastOne,
      lastTwo,
      lastHost,
      more: limit + 1,
    };
    const rows = await this.#database.rows<RankedRow>('reading hosts', sql, bindings);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const next = last ? writeCursor(order, [last.one, last.two, last.host]) : null;
    return { hosts: rows.slice(0, limit).map(({ one: _, two: __, ...row }) => reportedHost(row)), next };
  }

  async story(host: string, { confirmFailures, now }: ReportView): Promise<HostStory | null> {
    const sql = `with ${ONE_HOST} select ${HOST_LIST} from known as k ${LATENCY}`;
    const { rows } = this.#database;
    const [row] = await rows<HostRow>('reading a host', sql, { host, confirmFailures, now });
    if (!row) return null;
    const answers = await rows<HostStory['answers'][number]>('reading answers of a host', NEWEST_ANSWERS, { host });
    const days = await rows<HostDay>('reading the days of a host', HOST_DAYS, { host, now });
    return { ...reportedHost(row), answers, days };
  }
}

const CURSOR = ['number', 'number', 'string'] as const;

function reportedHost({ archived, broken, unsure, unfetched, ...host }: HostRow): ReportedHost {
  return { ...host, links: { archived, broken, unsure, unfetched } };
}
