import { LRUCache } from 'lru-cache';
import type { Catalog } from './Portal.ts';

type Source = Pick<Catalog, 'getDataset' | 'describeDataset'>;

/** Titles are words that help to tell links apart: one that was changed just now may be missed. */
const KEPT_MS = 10_000;
const KEPT = 1000;

/**
 * The titles of datasets, asked of the portal once for all resources of a dataset that come together: a dataset may have
 * thousands, and reading it whole for each makes the work grow with their square.
 */
export class DatasetTitles {
  readonly #titles: LRUCache<string, { readonly title: string | null }>;

  constructor(catalog: Source) {
    this.#titles = new LRUCache({
      max: KEPT,
      ttl: KEPT_MS,
      fetchMethod: async (id: string) => {
        const dataset = await (catalog.describeDataset?.(id) ?? catalog.getDataset(id));
        return { title: dataset?.title ?? null };
      },
    });
  }

  /** null: it has none, or is not there. Throws when the portal does not answer. */
  async titleOf(datasetId: string): Promise<string | null> {
    return (await this.#titles.fetch(datasetId))?.title ?? null;
  }
}
