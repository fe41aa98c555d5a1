import type { Acceptance } from '../../model/acceptance.ts';
import type { DataLink } from '../../model/dataLink.ts';
import { type DerivedFile, type Landing, NO_LANDING } from '../../model/landing.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import type { LandingRecord, Landings } from '../Landings.ts';
import { insertCopies } from './copyTable.ts';

const DERIVED = selectList({
  resourceId: 'resource_id',
  url: 'url',
  format: 'format',
  score: 'score',
  evidence: 'evidence',
  code: 'code',
  reason: 'reason',
  checkedAt: moment('checked_at'),
  nextCheckAt: moment('next_check_at'),
  unchangedCount: 'unchanged_count',
  known: 'known',
  copyKey: 'copy_key',
} satisfies Record<keyof DerivedFile, string>);

const OF_RESOURCES = 'resource_id = any(cast(:resourceIds as text[]))';

/** The newest of each resource; the rest is kept for queries of operators. */
const READ_ACCEPTED = `
  select resource_id as "resourceId", to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, url, mode, rule,
    sha256, text
  from (select *, row_number() over (partition by resource_id order by at desc) as place
    from :schema:.acceptance where ${OF_RESOURCES}) as newest
  join :schema:.accepted_text using (sha256) where place <= 20 order by resource_id, at desc`;

const DROP_LINKS = `delete from :schema:.landing where ${OF_RESOURCES}`;

const WRITE_LINKS = `
  insert into :schema:.landing (resource_id, links, found_at)
  select i."resourceId", i.links, i.at
  from jsonb_to_recordset(cast(:landings as jsonb)) as i ("resourceId" text, links jsonb, at timestamptz)
  on conflict (resource_id) do update set links = excluded.links, found_at = excluded.found_at`;

const WRITE_DERIVED = `
  insert into :schema:.derived (resource_id, url, format, score, evidence, code, reason, checked_at, next_check_at,
    unchanged_count, known, copy_key)
  select i."resourceId", i.url, i.format, i.score, i.evidence, i.code, i.reason, i."checkedAt", i."nextCheckAt",
    i."unchangedCount", i.known, i."copyKey"
  from jsonb_to_recordset(cast(:derived as jsonb)) as i ("resourceId" text, url text, format text, score float8,
    evidence jsonb, code text, reason text, "checkedAt" timestamptz, "nextCheckAt" timestamptz, "unchangedCount" int,
    known jsonb, "copyKey" text)
  on conflict (resource_id, md5(url)) do update set format = excluded.format, score = excluded.score,
    evidence = excluded.evidence, code = excluded.code, reason = excluded.reason, checked_at = excluded.checked_at,
    next_check_at = excluded.next_check_at, unchanged_count = excluded.unchanged_count, known = excluded.known,
    copy_key = excluded.copy_key`;

const WRITE_ACCEPTED = `
  with accepted as (
      select * from jsonb_to_recordset(cast(:accepted as jsonb))
        as i ("resourceId" text, at timestamptz, url text, mode text, rule text, sha256 text, text text)),
    texts as (
      insert into :schema:.accepted_text (sha256, text)
      select distinct on (sha256) sha256, text from accepted order by sha256 on conflict (sha256) do nothing)
  insert into :schema:.acceptance (resource_id, at, url, mode, rule, sha256)
  select "resourceId", at, url, mode, rule, sha256 from accepted`;

/** {@link Landings} in PostgreSQL. */
export class LandingTable implements Landings {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  derivedOf(resourceId: string): Promise<readonly DerivedFile[]> {
    return this.#derived([resourceId]);
  }

  async listByResources(resourceIds: readonly string[]): Promise<ReadonlyMap<string, Landing>> {
    const links = await this.#database.rows<{ resourceId: string; links: DataLink[] }>(
      'reading links',
      `select resource_id as "resourceId", links from :schema:.landing where ${OF_RESOURCES}`,
      { resourceIds },
    );
    const accepted = await this.#database.rows<Acceptance & { resourceId: string }>(
      'reading acceptances',
      READ_ACCEPTED,
      { resourceIds },
    );
    const landings = new Map<string, Landing>();
    const add = (id: string, part: (before: Landing) => Partial<Landing>) => {
      const before = landings.get(id) ?? NO_LANDING;
      landings.set(id, { ...before, ...part(before) });
    };
    for (const row of links) add(row.resourceId, () => ({ links: row.links }));
    for (const file of await this.#derived(resourceIds))
      add(file.resourceId, ({ derived }) => ({ derived: [...derived, file] }));
    for (const { resourceId, ...one } of accepted)
      add(resourceId, (before) => ({ accepted: [...before.accepted, one] }));
    return landings;
  }

  #derived(resourceIds: readonly string[]): Promise<DerivedFile[]> {
    const sql = `select ${DERIVED} from :schema:.derived where ${OF_RESOURCES} order by resource_id, score desc, url`;
    return this.#database.rows('reading derived files', sql, { resourceIds });
  }
}

/** What attempts found behind pages. In the transaction `on`. */
export async function writeLandings(
  database: Database,
  landings: readonly LandingRecord[],
  on: HostTransaction,
): Promise<void> {
  const write = async (what: string, sql: string, name: string, rows: readonly object[]): Promise<void> => {
    if (rows.length > 0) await database.rows(what, sql, { [name]: JSON.stringify(rows) }, on);
  };
  const withLinks = landings.filter(({ links }) => links !== null && links.length > 0);
  const without = landings.filter(({ links }) => links?.length === 0).map(({ resourceId }) => resourceId);
  if (without.length > 0) await database.rows('dropping links', DROP_LINKS, { resourceIds: without }, on);
  const rows = withLinks.map(({ resourceId, links, at }) => ({ resourceId, links, at }));
  await write('recording links', WRITE_LINKS, 'landings', rows);
  const copies = landings.flatMap((landing) => landing.copies);
  await insertCopies(database, copies, on);
  const derived = landings.flatMap((landing) => landing.derived);
  await write('recording derived files', WRITE_DERIVED, 'derived', derived);
  const accepted = landings.flatMap(({ resourceId, accepted: all }) => all.map((one) => ({ ...one, resourceId })));
  await write('recording acceptances', WRITE_ACCEPTED, 'accepted', accepted);
}
