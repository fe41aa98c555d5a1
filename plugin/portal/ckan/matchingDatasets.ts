import { ArchiverError } from '../../errors.ts';
import type { ActionClient } from './actionClient.ts';
import { isRecord } from './actionResponse.ts';
import { Listing, type Page, quoted } from './listing.ts';
import { type RemoteDataset, readDataset } from './remoteDataset.ts';

/** Which part of the portal is mirrored; nothing given: all of it. */
export interface MirrorFilters {
  /** Datasets at most. */
  readonly limit?: number;
  /** Names or ids. */
  readonly datasets?: readonly string[];
  /** Name of an organization. */
  readonly organization?: string;
  /** A Solr filter, as `fq` of `package_search`. */
  readonly query?: string;
}

const LARGEST_PAGE = 100;

/** Whether a listing says nothing of what it lacks. */
export function isPartial({ limit, datasets, organization, query }: MirrorFilters): boolean {
  return [limit, datasets, organization, query].some((filter) => filter !== undefined);
}

/** The datasets that the filters let through, with their resources, neither drafts nor deleted ones among them. */
export class MatchingDatasets {
  readonly #client: ActionClient;
  readonly #filters: MirrorFilters;
  readonly #listing: Listing;
  #given = 0;

  constructor(client: ActionClient, filters: MirrorFilters, includePrivate: boolean) {
    const { organization, query, limit = LARGEST_PAGE } = filters;
    const owned = organization === undefined ? [] : [`organization:${quoted(organization)}`];
    const wanted = [...owned, ...(query === undefined ? [] : [query])];
    this.#client = client;
    this.#filters = filters;
    this.#listing = new Listing(client, { filters: wanted, includePrivate, rows: Math.min(limit, LARGEST_PAGE) });
  }

  /** Whether all that match were given. Known when the pages have ended. */
  get isComplete(): boolean {
    const { datasets, limit = Number.POSITIVE_INFINITY } = this.#filters;
    return datasets !== undefined || this.#given >= limit || this.#listing.isComplete;
  }

  /** How many match, by the portal's word; null before the first page. */
  get count(): number | null {
    const { datasets, limit = Number.POSITIVE_INFINITY } = this.#filters;
    const { count } = this.#listing;
    return datasets?.length ?? (count === null ? null : Math.min(count, limit));
  }

  /** Throws `ArchiverError('portal-failed')`; `not-found` where the portal shows us no dataset of that name. */
  async *pages(): AsyncGenerator<readonly RemoteDataset[]> {
    const { datasets, limit = Number.POSITIVE_INFINITY } = this.#filters;
    for (const id of datasets ?? []) yield activeOf([await showDataset(this.#client, id)]);
    if (datasets) return;
    for await (const page of this.#listing.pages()) {
      const some = page.slice(0, limit - this.#given);
      this.#given += some.length;
      yield activeOf(some);
      if (this.#given >= limit) return;
    }
  }
}

/** Of a page of the API's. */
export function activeOf(page: Page): RemoteDataset[] {
  return page.flatMap((row) => readDataset(row) ?? []).filter(({ isActive }) => isActive);
}

async function showDataset(client: ActionClient, id: string): Promise<Readonly<Record<string, unknown>>> {
  const answered = await client.read('package_show', { id });
  if (answered.kind === 'ok' && isRecord(answered.result)) return answered.result;
  if (answered.kind === 'ok')
    throw new ArchiverError('portal-failed', `The portal ${client.site} shows the dataset ${id} as no object.`);
  if (answered.kind === 'refused' && (answered.status === 404 || answered.status === 403))
    throw new ArchiverError('not-found', `The portal ${client.site} has no dataset ${id} that it shows us.`);
  throw client.failure('package_show', answered);
}
