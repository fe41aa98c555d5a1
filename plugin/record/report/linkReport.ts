import type { Database } from '../database/Database.ts';
import type { LinkFilter, LinkPage, LinkQuery, ReportedLink } from '../ReportedLinks.ts';
import type { ReportView } from '../Reports.ts';
import { countsOf, SUMS } from './countedLinks.ts';
import { writeCursor } from './cursor.ts';
import { filterConditions, ORDERS, PROPOSALS, placeConditions } from './linkConditions.ts';
import { BESIDE_LINKS, LINK_LIST, type LinkRow, reportedLink } from './linkRows.ts';

/** An organisation by its id or name, and all that are a part of it; the empty id: links of nobody. */
const BELOW = `
  with recursive below as (
    select id from :schema:.organisation where id = :organisation or name = :organisation
    union select o.id from :schema:.organisation as o join below on o.parent_id = below.id)
  select id from below union select '' where cast(:organisation as text) = '' order by id`;

type PlacedRow = LinkRow & { readonly place: string };

const EVERY_PAGE = 1000;

/** Links by filter and page. */
export class LinkReport {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async page(query: LinkQuery, view: ReportView): Promise<LinkPage> {
    return this.#pageOf(query, await this.#owners(query.organisation), view);
  }

  /** Of several organisations one after the other: each page is as long as it may be, and none is read twice. */
  async *every(query: Omit<LinkQuery, 'after' | 'limit'>, view: ReportView): AsyncGenerator<readonly ReportedLink[]> {
    const owners = await this.#owners(query.organisation);
    for (const owner of owners ?? [null]) yield* this.#everyOf(query, owner, view);
  }

  async *#everyOf(
    query: Omit<LinkQuery, 'after' | 'limit'>,
    owner: string | null,
    view: ReportView,
  ): AsyncGenerator<readonly ReportedLink[]> {
    for (let after: string | null = null; ; ) {
      const page: LinkPage = await this.#pageOf(
        { ...query, after, limit: EVERY_PAGE },
        owner === null ? null : [owner],
        view,
      );
      if (page.links.length > 0) yield page.links;
      if (page.next === null) return;
      after = page.next;
    }
  }

  async count(filter: LinkFilter, { confirmFailures }: ReportView): Promise<number | null> {
    const { organisation, host, code, datasetId, states, failingBefore, proposed, changedSince } = filter;
    const by = [organisation, host, code, states].filter((one) => one !== undefined);
    const isCounted = [datasetId, failingBefore, changedSince, host && organisation].every((one) => one === undefined);
    if (!isCounted || (proposed === true && by.length > 0)) return null;
    if (proposed === true) return this.#countProposed();
    const owners = await this.#owners(organisation);
    const subjects = owners ?? (host === undefined ? null : [host]);
    const sql = `select ${SUMS} from ${countsOf(host === undefined ? 'organisation' : 'host')} as c
      where ${subjects === null ? 'true' : 'c.subject = any(cast(:subjects as text[]))'}
        and ${code === undefined ? 'true' : 'c.code = :code'}`;
    const bindings = { confirmFailures, subjects: subjects ?? [], code: code ?? '' };
    const [row] = await this.#database.rows<Record<string, number>>('counting links', sql, bindings);
    const wanted = states ?? ['archived', 'broken', 'unsure', 'unfetched'];
    return [...new Set(wanted)].reduce((sum, state) => sum + (row?.[state] ?? 0), 0);
  }

  async #countProposed(): Promise<number> {
    const sql = `select count(*)::float8 as count from ${PROPOSALS}`;
    const [row] = await this.#database.rows<{ count: number }>('counting proposed URLs', sql);
    return row?.count ?? 0;
  }

  /** null: of all. */
  async #owners(organisation: string | undefined): Promise<readonly string[] | null> {
    if (organisation === undefined) return null;
    if (organisation.includes('\0')) return [];
    const rows = await this.#database.rows<{ id: string }>('reading organisations', BELOW, { organisation });
    return rows.map(({ id }) => id);
  }

  async #pageOf(query: LinkQuery, owners: readonly string[] | null, view: ReportView): Promise<LinkPage> {
    const { order, after, limit } = query;
    const filter = filterConditions(query);
    const place = placeConditions(order, after);
    const { by, condition } = ORDERS[order];
    const bindings = { ...filter.bindings, ...place.bindings, owners, more: limit + 1 };
    const conditions = new Set([...filter.sql, ...place.sql, condition]);
    const chosen = chosenLinks([...conditions], order, owners);
    const sql = `with chosen as materialized (${chosen})
      select ${LINK_LIST}, ${ORDERS[order].place} as place
      from chosen join :schema:.link as l using (resource_id) ${BESIDE_LINKS} order by ${by}`;
    const { confirmFailures } = view;
    const rows = await this.#database.rows<PlacedRow>('reading links', sql, { ...bindings, confirmFailures });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const links = rows.slice(0, limit).map((row) => reportedLink(row, view));
    return { links, next: last ? writeCursor(order, [last.place, last.resourceId]) : null };
  }
}

/**
 * What an index holds, so that it is chosen within it. Of several organisations the first of each, of which the first are taken: as
 * many look-ups in an index.
 */
function chosenLinks(
  conditions: readonly string[],
  order: LinkQuery['order'],
  owners: readonly string[] | null,
): string {
  const { by, columns } = ORDERS[order];
  const where = conditions.join(' and ');
  const ordered = `order by ${by} limit :more`;
  if (owners === null) return `select ${columns} from :schema:.link as l where ${where} ${ordered}`;
  const ofOne = `select ${columns} from :schema:.link as l where l.organisation_id = w.id and ${where} ${ordered}`;
  return `select l.* from unnest(cast(:owners as text[])) as w (id) cross join lateral (${ofOne}) as l ${ordered}`;
}
