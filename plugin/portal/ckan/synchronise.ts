import type { Logger } from '../../model/logger.ts';
import type { HookListener } from '../Portal.ts';
import type { ActionClient } from './actionClient.ts';
import { datasetsByIds, Listing, type ListingQuery, type Page } from './listing.ts';
import { activeOf, isPartial, MatchingDatasets, type MirrorFilters } from './matchingDatasets.ts';
import type { MirrorTables } from './mirrorTables.ts';
import { NamedListing, pagesInstead } from './namedListing.ts';
import { type RemoteDataset, timeOf } from './remoteDataset.ts';

/** What bringing the catalogue up to date needs. */
export interface SynchroniseDeps {
  readonly client: ActionClient;
  readonly tables: MirrorTables;
  readonly filters: MirrorFilters;
  /** Datasets that only the token may see, too. */
  readonly includePrivate: boolean;
  /** Keeps a dataset as the API gave it; told of each one that is new or was changed. */
  keepDocument(dataset: RemoteDataset): Promise<void>;
  /** Of the archiver: what left the portal leaves the archive's records, in the transaction that takes it away. */
  readonly afterResourceDelete: HookListener;
  readonly afterDatasetDelete: HookListener;
  /** How far the listing is: datasets read, and how many there are by the portal's word. */
  progress(read: number, count: number | null): void;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** What one look at the portal's catalogue came to. */
export interface Synchronised {
  /** false: the portal gave fewer datasets than it says there are. */
  readonly isComplete: boolean;
  readonly changed: number;
  readonly deleted: number;
}

/** The search index may lag behind the database, and clocks of several servers differ: ckanext-harvest takes an hour, too. */
const OVERLAP_MS = 3_600_000;
const ID_ROWS = 1000;
const REMOVED_AT_A_TIME = 500;
const DOCUMENTS_AT_A_TIME = 8;

/**
 * Brings the mirror's catalogue up to date. The first listing reads everything; later ones only what changed since the
 * newest `metadata_modified` that a whole listing saw, and the set of all ids, by which deletions are found: a dataset is
 * gone when two whole listings in a row lack it. A part of the portal deletes nothing, nor does a portal whose search is
 * down and which is read by `package_list` and `package_show`. Throws
 * `ArchiverError('portal-failed')` where the portal cannot be read.
 */
export async function synchronise(deps: SynchroniseDeps): Promise<Synchronised> {
  return new Synchronisation(deps).run();
}

interface Listed {
  /** Whether all that is there was read. */
  readonly isComplete: boolean;
  /** Whether what it lacks is not there. */
  readonly isWhole: boolean;
  readonly ids: ReadonlySet<string>;
}

class Synchronisation {
  readonly #deps: SynchroniseDeps;
  #changed = 0;
  #read = 0;
  #newestAt = 0;

  constructor(deps: SynchroniseDeps) {
    this.#deps = deps;
  }

  async run(): Promise<Synchronised> {
    const { tables, filters } = this.#deps;
    const since = (await tables.state())?.listedUntil ?? null;
    const isPart = isPartial(filters);
    const { isComplete, isWhole, ids } = await this.#readListed(isPart ? null : since).catch((error: unknown) =>
      this.#readNamed(error),
    );
    const deleted = isWhole && !isPart ? await this.#compare(ids) : 0;
    const isNewer = this.#newestAt > (since?.getTime() ?? 0);
    if (isWhole && !isPart && isNewer) await tables.setListedUntil(new Date(this.#newestAt));
    return { isComplete, changed: this.#changed, deleted };
  }

  async #readListed(since: Date | null): Promise<Listed> {
    const { isComplete, ids } = since === null ? await this.#readMatching() : await this.#readChanges(since);
    return { isComplete, isWhole: isComplete, ids };
  }

  /** Where the search does not answer. What such a listing lacks says nothing. */
  async #readNamed(failure: unknown): Promise<Listed> {
    const listing = new NamedListing(this.#deps.client);
    const ids = new Set<string>();
    for await (const page of pagesInstead(failure, listing, this.#deps)) {
      await this.#keep(activeOf(page), listing.count);
      for (const { id } of page) ids.add(String(id));
    }
    return { isComplete: listing.isComplete, isWhole: false, ids };
  }

  async #readMatching() {
    const { client, filters, includePrivate } = this.#deps;
    const matching = new MatchingDatasets(client, filters, includePrivate);
    const ids = new Set<string>();
    for await (const page of matching.pages()) {
      await this.#keep(page, matching.count);
      for (const { id } of page) ids.add(id);
    }
    return { isComplete: matching.isComplete, ids };
  }

  /** What changed by the portal's own word, then all ids: what is new or differs there, too, is read after all. */
  async #readChanges(since: Date) {
    const from = new Date(since.getTime() - OVERLAP_MS).toISOString();
    const changes = this.#listing({ filters: [`metadata_modified:[${from} TO *]`] });
    for await (const page of changes.pages()) await this.#keep(activeOf(page), changes.count);
    const listing = this.#listing({ fields: ['id', 'metadata_modified'], rows: ID_ROWS });
    const listed = new Map<string, number>();
    for await (const page of listing.pages()) for (const row of page) listed.set(String(row.id), secondOf(row));
    const unread = new Map(listed);
    for await (const page of this.#deps.tables.datasets())
      for (const { id, modifiedAt } of page) if (listed.get(id) === secondsOf(modifiedAt)) unread.delete(id);
    const query = { includePrivate: this.#deps.includePrivate };
    for await (const page of datasetsByIds(this.#deps.client, [...unread.keys()], query))
      await this.#keep(activeOf(page), null);
    return { isComplete: changes.isComplete && listing.isComplete, ids: new Set(listed.keys()) };
  }

  #listing(query: ListingQuery): Listing {
    return new Listing(this.#deps.client, { ...query, includePrivate: this.#deps.includePrivate });
  }

  /** Datasets into the mirror, their documents first: what a crash leaves out is then read again. */
  async #keep(datasets: readonly RemoteDataset[], count: number | null): Promise<void> {
    const { tables, signal, keepDocument, afterResourceDelete, progress } = this.#deps;
    signal.throwIfAborted();
    for (let at = 0; at < datasets.length; at += DOCUMENTS_AT_A_TIME)
      await Promise.all(datasets.slice(at, at + DOCUMENTS_AT_A_TIME).map(keepDocument));
    const { changedIds } = await tables.put(datasets, async (removed, transaction) => {
      for (const { id, datasetId } of removed) await afterResourceDelete({ resourceId: id, datasetId, transaction });
    });
    for (const { modifiedAt } of datasets) this.#newestAt = Math.max(this.#newestAt, modifiedAt?.getTime() ?? 0);
    this.#changed += changedIds.size;
    this.#read += datasets.length;
    progress(this.#read, count);
  }

  /** Deletions: datasets of the mirror that two whole listings in a row did not hold. */
  async #compare(ids: ReadonlySet<string>): Promise<number> {
    const { tables, includePrivate, logger, afterDatasetDelete } = this.#deps;
    const missing: string[] = [];
    for await (const page of tables.datasets())
      for (const dataset of page)
        if (!ids.has(dataset.id) && (includePrivate || !dataset.private)) missing.push(dataset.id);
    const gone = await tables.markMissing(missing);
    const first = missing.length - gone.length;
    if (first > 0)
      logger.warn(
        { datasets: first },
        'the portal does not list datasets of the mirror; they count as deleted if the next listing lacks them, too',
      );
    for (let at = 0; at < gone.length; at += REMOVED_AT_A_TIME) {
      const some = gone.slice(at, at + REMOVED_AT_A_TIME);
      await tables.remove(some, async (transaction) => {
        for (const datasetId of some) await afterDatasetDelete({ datasetId, resourceId: null, transaction });
      });
    }
    return gone.length;
  }
}

/** The index keeps milliseconds, the database microseconds. */
const secondsOf = (at: Date | null): number => (at ? Math.floor(at.getTime() / 1000) : 0);
const secondOf = (row: Page[number]): number => secondsOf(timeOf(row.metadata_modified));
