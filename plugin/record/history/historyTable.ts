import type { Counted } from '../../model/counter.ts';
import type { AttemptNote, DaySum, KeptChange } from '../../model/history.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import type { ArchiveTotals, Histories, NewVersion } from '../Histories.ts';
import { readCounters } from './counterTable.ts';

const CHANGE = selectList({
  id: 'id',
  at: moment('at'),
  resourceId: 'resource_id',
  datasetId: 'dataset_id',
  kind: 'kind',
  code: 'code',
  previousCode: 'previous_code',
  reason: 'reason',
  copyKey: 'copy_key',
  previousCopyKey: 'previous_copy_key',
  url: 'url',
} satisfies Record<keyof KeptChange, string>);

const ATTEMPT = selectList({
  at: moment('at'),
  code: 'code',
  reason: 'reason',
  status: 'status',
  ms: 'ms',
  firstByteMs: 'first_byte_ms',
  requests: 'requests',
  wireBytes: 'wire_bytes',
  finalUrl: 'final_url',
  detail: 'detail',
} satisfies Record<keyof AttemptNote, string>);

const DAY_SUMS = `
  select to_char(day, 'YYYY-MM-DD') as day, code, attempts::float8 as attempts, requests::float8 as requests,
    wire_bytes as "wireBytes", ms
  from :schema:.day_sum where host = :host and day >= cast(cast(:since as timestamptz) at time zone 'UTC' as date)
  order by day, code`;

const versionOf = (alias: string): string => `jsonb_build_object('key', ${alias}.key, 'bytes', ${alias}.bytes,
  'sha256', ${alias}.sha256, 'filename', ${alias}.filename, 'format', ${alias}.format)`;

const NEW_VERSIONS = `
  select e.id, ${moment('e.at')} as at, e.resource_id as "resourceId", e.dataset_id as "datasetId",
    ${versionOf('c')} as version, case when p.key is not null then ${versionOf('p')} end as previous
  from :schema:.event as e join :schema:.copy as c on c.key = e.copy_key
    left join :schema:.copy as p on p.key = e.previous_copy_key
  where e.kind = 'copy' and (cast(:datasetId as text) is null or e.dataset_id = :datasetId)
    and (cast(:after as bigint) is null or e.id < :after)
  order by e.id desc limit :limit`;

const TOTALS = `
  select count(*)::float8 as copies, coalesce(sum(bytes), 0)::float8 as bytes,
    (select count(*)::int from :schema:.host_limit where pause_until > clock_timestamp()) as "hostsPaused",
    (select count(*)::int from :schema:.host_limit where open_until > clock_timestamp()) as "hostsDead"
  from :schema:.copy`;

const DROP_DAYS = `
  with gone as (
    delete from :schema:.day_sum
    where host <> '' and day < cast(cast(:moment as timestamptz) at time zone 'UTC' as date) returning 1)
  select count(*)::int as count from gone`;

/** {@link Histories} in PostgreSQL. */
export class HistoryTable implements Histories {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async changesOf(resourceId: string, { after, limit }: Parameters<Histories['changesOf']>[1]): Promise<KeptChange[]> {
    const older = after === null ? '' : 'and id < cast(:after as bigint)';
    const sql = `select ${CHANGE} from :schema:.event where resource_id = :resourceId ${older} order by id desc limit :limit`;
    const rows = await this.#database.rows<KeptChange>('reading a history', sql, { resourceId, after, limit });
    return rows.map((row) => ({ ...row, id: String(row.id) }));
  }

  async newVersions(page: Parameters<Histories['newVersions']>[0]): Promise<NewVersion[]> {
    const rows = await this.#database.rows<NewVersion>('reading new versions', NEW_VERSIONS, { ...page });
    return rows.map((row) => ({ ...row, id: String(row.id) }));
  }

  attemptsOf(resourceId: string): Promise<AttemptNote[]> {
    const sql = `select ${ATTEMPT} from :schema:.attempt as t where resource_id = :resourceId order by t.at desc, t.slot desc`;
    return this.#database.rows('reading attempts', sql, { resourceId });
  }

  async newestAttempts(resourceIds: readonly string[]): Promise<ReadonlyMap<string, AttemptNote>> {
    const sql = `select wanted.id as "resourceId", newest.* from unnest(cast(:resourceIds as text[])) as wanted (id)
      cross join lateral (
        select ${ATTEMPT} from :schema:.attempt as t where resource_id = wanted.id order by t.at desc, t.slot desc limit 1
      ) as newest`;
    const rows = await this.#database.rows<AttemptNote & { readonly resourceId: string }>('reading attempts', sql, {
      resourceIds,
    });
    return new Map(rows.map(({ resourceId, ...attempt }) => [resourceId, attempt]));
  }

  daySums(host: string | null, since: Date): Promise<DaySum[]> {
    return this.#database.rows('reading sums of days', DAY_SUMS, { host: host ?? '', since });
  }

  counters(): Promise<Counted[]> {
    return readCounters(this.#database);
  }

  async totals(): Promise<ArchiveTotals> {
    const [row] = await this.#database.rows<ArchiveTotals>('adding up what is kept', TOTALS);
    return row ?? { copies: 0, bytes: 0, hostsPaused: 0, hostsDead: 0 };
  }

  async dropHostDaysBefore(moment: Date): Promise<number> {
    const [row] = await this.#database.rows<{ count: number }>('dropping old sums', DROP_DAYS, { moment });
    return row?.count ?? 0;
  }
}
