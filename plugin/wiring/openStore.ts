import type { Logger } from '../model/logger.ts';
import type { Config } from '../settings/Config.ts';
import { STORE_PLACES } from '../settings/storePlaces.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { DividedStore } from '../store/dividedStore.ts';
import { FolderStore } from '../store/folderStore.ts';

/** Stages of other machines are dropped when they are older than any attempt can last. */
export const STAGE_MAX_MS = 24 * 3600 * 1000;

/** What decides which store is opened. */
export type StoreSettings = Pick<
  Config,
  | 'store'
  | 'folder'
  | 'privateFolder'
  | 'folderAccess'
  | 'flush'
  | 'azureConnectionString'
  | 'azureAccountUrl'
  | 'azureContainer'
  | 'azurePrivateContainer'
  | 'gcsBucket'
  | 'gcsPrivateBucket'
  | 'gcsEndpoint'
  | 's3Bucket'
  | 's3PrivateBucket'
  | 's3Region'
  | 's3Endpoint'
>;

/**
 * The store that the settings name, in two parts where copies of private datasets lie apart. `logger`: told of what holds less
 * firmly there than elsewhere; left out for all but one of a process.
 */
export async function createStore(config: StoreSettings, logger?: Pick<Logger, 'warn'>): Promise<ArchiveStore> {
  const { open, hidden } = STORE_PLACES[config.store];
  const store = await storeAt(config, config[open] ?? '', logger);
  const apart = config[hidden];
  return apart === null ? store : new DividedStore(store, await storeAt(config, apart, logger));
}

/**
 * A new kind of store is one file in `store/` and one case here. Its SDK is loaded with that file, so only where a setting
 * names it; `settings/optionalLibraries.ts` knows which packages it needs.
 */
async function storeAt(config: StoreSettings, place: string, logger?: Pick<Logger, 'warn'>): Promise<ArchiveStore> {
  switch (config.store) {
    case 'folder': {
      const { folderAccess: access, flush } = config;
      return new FolderStore({ folder: place, access, flush, ...(logger ? { logger } : {}) });
    }
    case 'azure': {
      const { AzureBlobStore } = await import('../store/azureBlobStore.ts');
      const { azureAccountUrl: accountUrl, azureConnectionString } = config;
      if (accountUrl === null)
        return new AzureBlobStore({ connectionString: azureConnectionString ?? '', container: place });
      const { azureIdentity } = await import('../store/azureIdentity.ts');
      return new AzureBlobStore({ accountUrl, credential: azureIdentity(), container: place });
    }
    case 'gcs': {
      const { CloudStorageStore } = await import('../store/cloudStorageStore.ts');
      return new CloudStorageStore({ bucket: place, endpoint: config.gcsEndpoint });
    }
    case 's3': {
      const { S3Store } = await import('../store/s3Store.ts');
      return new S3Store({ bucket: place, region: config.s3Region, endpoint: config.s3Endpoint });
    }
  }
}
