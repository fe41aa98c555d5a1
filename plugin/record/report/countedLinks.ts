import type { Database } from '../database/Database.ts';
import type { LinkCounts } from '../ReportedLinks.ts';
import type { ReportView } from '../Reports.ts';

/** What `report_count` and `report_change` count by. */
export type Scope = 'organisation' | 'host' | 'hour' | 'copy';

/** All counts of a scope: what was added up, and what came since. */
export const countsOf = (scope: Scope): string => `
  (select subject, code, failures, count, bytes from :schema:.report_count where scope = '${scope}'
   union all
   select subject, code, failures, count, bytes from :schema:.report_change where scope = '${scope}')`;

/** The state of a link from its `code` and `failures`, as `decide/isBroken.ts` has it; a test compares the two. */
export const stateOf = (table: string): string => `
  case when ${table}.failures < 0 then 'archived' when ${table}.code is null then 'unfetched'
    when ${table}.failures >= :confirmFailures then 'broken' else 'unsure' end`;

/**
 * Sums of counts (`c`), as the members of {@link LinkCounts}. As floats, which are exact up to 2^53: sums of bigint are numeric, and
 * take twice as long.
 */
export const SUMS = `
  coalesce(sum(c.count::float8) filter (where c.failures < 0), 0) as archived,
  coalesce(sum(c.count::float8) filter (where c.code <> '' and c.failures >= :confirmFailures), 0) as broken,
  coalesce(sum(c.count::float8) filter (where c.code <> '' and c.failures between 0 and :confirmFailures - 1), 0) as unsure,
  coalesce(sum(c.count::float8) filter (where c.code = '' and c.failures >= 0), 0) as unfetched`;

/** How all links stand. */
export async function countAllLinks(
  database: Database,
  { confirmFailures }: Pick<ReportView, 'confirmFailures'>,
): Promise<LinkCounts> {
  const sql = `select ${SUMS} from ${countsOf('organisation')} as c`;
  const [row] = await database.rows<LinkCounts>('counting links', sql, { confirmFailures });
  return row ?? NO_LINKS;
}

/** How the links of each of these organisations or hosts stand; those without links are left out. */
export async function countLinksOf(
  database: Database,
  scope: 'organisation' | 'host',
  subjects: readonly string[],
  { confirmFailures }: Pick<ReportView, 'confirmFailures'>,
): Promise<ReadonlyMap<string, LinkCounts>> {
  const sql = `select c.subject, ${SUMS} from ${countsOf(scope)} as c
    where c.subject = any(cast(:subjects as text[])) group by c.subject`;
  const bindings = { confirmFailures, subjects };
  const rows = await database.rows<LinkCounts & { readonly subject: string }>('counting links', sql, bindings);
  return new Map(rows.map(({ subject, ...counts }) => [subject, counts]));
}

/** Of what has none. */
export const NO_LINKS: LinkCounts = { archived: 0, broken: 0, unsure: 0, unfetched: 0 };
