import { copyUrl } from '../decide/copyUrl.ts';
import type { Resource } from '../model/resource.ts';
import type { HostDatabase } from '../portal/HostDatabase.ts';
import type { Catalog, Portal } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { DividedStore } from '../store/dividedStore.ts';
import { placeCopies } from '../work/placeCopies.ts';
import type { StoreOwnership } from '../work/storeOwnership.ts';
import { copiesBase } from './copiesBase.ts';

interface PlacementInput {
  readonly config: Config;
  readonly portal: Portal;
  /** Reads what the portal has; what is written goes to the portal itself. */
  readonly catalog: Pick<Catalog, 'getDataset' | 'describeDataset'>;
  readonly records: Pick<Records, 'copies'>;
  readonly store: ArchiveStore;
  readonly knex: HostDatabase;
  readonly ownership: Pick<StoreOwnership, 'isOurs'>;
}

/** Puts the copies of a resource where its audience is; where all copies lie in one place there is nothing to do. */
export function placementOf(input: PlacementInput): (resource: Resource) => Promise<Resource> {
  const { config, portal, catalog, records, store, knex, ownership } = input;
  if (!(store instanceof DividedStore)) return async (resource) => resource;
  const unchanged = { cacheLastUpdated: null, hash: null, size: null, mimetype: null };
  const writeAddress = async (resourceId: string, key: string, isPrivate: boolean) => {
    const cacheUrl = copyUrl(copiesBase(config, portal, isPrivate), key);
    await knex.transaction((transaction) =>
      portal.catalog.writeBack([{ resourceId, cacheUrl, ...unchanged }], transaction),
    );
  };
  // What belongs to another database, or may, is hidden where this one says so, and shown by nobody but the other.
  const place = async (key: string, isPrivate: boolean, mediaType: string | null) =>
    (isPrivate || ownership.isOurs) && store.place(key, isPrivate, mediaType);
  return (resource) => placeCopies(resource, { catalog, copies: records.copies, place, writeAddress });
}
