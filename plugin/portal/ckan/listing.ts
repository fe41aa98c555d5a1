import type { ActionClient, Parameters } from './actionClient.ts';
import { isRecord } from './actionResponse.ts';

/** Which datasets are listed, and how much of each. */
export interface ListingQuery {
  /** Solr filters, all of which must hold. */
  readonly filters?: readonly string[];
  /** Those that the token may see, too; the anonymous are not told that it was ignored. */
  readonly includePrivate?: boolean;
  /** Members of each dataset; absent: everything, with its resources. */
  readonly fields?: readonly string[];
  /** Asked for at a time; a portal may give fewer without saying so. */
  readonly rows?: number;
}

/** A page of datasets that no earlier page held, as the portal gave them. */
export type Page = readonly Readonly<Record<string, unknown>>[];

const ROWS = 100;
const FEWEST_ROWS = 5;
const IDS_A_QUERY = 50;

/**
 * All datasets by pages in the order of their ids: the recipe of ckanext-harvest, which survives a silent cap of the page
 * size (`ckan.search.rows_max`), repeated rows, and rows that move while they are paged. A page that is too much for the
 * portal is asked for in halves.
 */
export class Listing {
  readonly #client: ActionClient;
  readonly #query: ListingQuery;
  readonly #seen = new Set<string>();
  #rows: number;
  #count: number | null = null;
  #hasMoved = false;
  #isAtEnd = false;

  constructor(client: ActionClient, query: ListingQuery = {}) {
    this.#client = client;
    this.#query = query;
    this.#rows = query.rows ?? ROWS;
  }

  /** The ids of all datasets that were given. */
  get ids(): ReadonlySet<string> {
    return this.#seen;
  }

  /** Whether as many datasets were given as the portal says that there are. Known when the pages have ended. */
  get isComplete(): boolean {
    return this.#isAtEnd && (this.#count === null || this.#seen.size >= this.#count);
  }

  /** How many there are, by the portal's last word; null before the first page. */
  get count(): number | null {
    return this.#count;
  }

  /** Throws `ArchiverError('portal-failed')` when the portal does not answer a page, however small. */
  async *pages(): AsyncGenerator<Page> {
    yield* this.#walk();
    // Where datasets came or went meanwhile, others were jumped over: once more by ids alone, then what was not seen.
    if ((this.#hasMoved || !this.isComplete) && this.#seen.size > 0) yield* this.#unseen();
  }

  async *#walk(): AsyncGenerator<Page> {
    let before: string | null = null;
    for (let start = 0; ; ) {
      const rows = await this.#page(start);
      const ids = rows.map(({ id }) => String(id)).join(' ');
      start += rows.length;
      const isOver = rows.length === 0 || ids === before;
      before = ids;
      const fresh = isOver ? [] : this.#fresh(rows);
      if (fresh.length > 0) yield fresh;
      if (isOver || (this.#count !== null && start >= this.#count)) break;
    }
    this.#isAtEnd = true;
  }

  async *#unseen(): AsyncGenerator<Page> {
    const ids = new Listing(this.#client, { ...this.#query, fields: ['id'], rows: 1000 });
    for await (const _ of ids.#walk());
    const missed = [...ids.ids].filter((id) => !this.#seen.has(id));
    yield* this.#byIds(missed);
    this.#count = ids.#count;
  }

  /** Those of these datasets that the listing's filters let through. */
  async *#byIds(ids: readonly string[]): AsyncGenerator<Page> {
    for await (const page of datasetsByIds(this.#client, ids, this.#query)) {
      const fresh = this.#fresh(page);
      if (fresh.length > 0) yield fresh;
    }
  }

  #fresh(rows: Page): Page {
    return rows.filter(({ id }) => {
      const key = String(id);
      if (this.#seen.has(key)) return false;
      this.#seen.add(key);
      return true;
    });
  }

  async #page(start: number): Promise<Page> {
    for (;;) {
      const parameters = { ...parametersOf(this.#query), rows: this.#rows, start };
      const answered = await this.#client.read('package_search', parameters);
      if (answered.kind === 'ok') {
        const { results, count } = searchResult(answered.result);
        this.#hasMoved ||= this.#count !== null && count !== null && this.#count !== count;
        this.#count = count ?? this.#count;
        if (results) return results;
        throw this.#client.failure('package_search', { ...UNREADABLE, message: 'its result holds no list' });
      }
      const isTooMuch =
        (answered.kind === 'unavailable' && (answered.code === 'too-large' || answered.code === 'timeout')) ||
        (answered.status !== null && answered.status >= 500);
      if (!isTooMuch || this.#rows <= FEWEST_ROWS) throw this.#client.failure('package_search', answered);
      this.#rows = Math.max(FEWEST_ROWS, Math.floor(this.#rows / 4));
    }
  }
}

const UNREADABLE = {
  kind: 'unavailable',
  status: 200,
  code: 'unreadable',
  isTransient: false,
  retryAfterMs: null,
  location: null,
} as const;

/** Datasets by their ids, some at a time; those that are not there are left out. */
export async function* datasetsByIds(
  client: ActionClient,
  ids: readonly string[],
  query: ListingQuery = {},
): AsyncGenerator<Page> {
  for (let at = 0; at < ids.length; at += IDS_A_QUERY) {
    const some = ids.slice(at, at + IDS_A_QUERY);
    const filters = [...(query.filters ?? []), `id:(${some.map(quoted).join(' OR ')})`];
    const result = await client.result('package_search', { ...parametersOf({ ...query, filters }), rows: IDS_A_QUERY });
    const { results } = searchResult(result);
    if (results && results.length > 0) yield results;
  }
}

function parametersOf({ filters = [], includePrivate = false, fields }: ListingQuery): Parameters {
  return {
    q: '*:*',
    sort: 'id asc',
    ...(filters.length > 0 && { fq: filters.map((filter) => `+${grouped(filter)}`).join(' ') }),
    ...(includePrivate && { include_private: true }),
    ...(fields && { fl: fields.join(',') }),
  };
}

/** A filter that is more than one term stays one in front of its plus sign. */
const grouped = (filter: string): string =>
  /^[\w.]+:(?:"[^"]*"|\([^()]*\)|\[[^[\]]*\])$/.test(filter) ? filter : `(${filter})`;

/** A text as Solr takes it literally. */
export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

function searchResult(result: unknown): { results: Page | null; count: number | null } {
  if (!isRecord(result)) return { results: null, count: null };
  const count = Number(result.count);
  return {
    results: Array.isArray(result.results) ? result.results.filter(isRecord) : null,
    count: Number.isSafeInteger(count) && count >= 0 && result.count !== null ? count : null,
  };
}
