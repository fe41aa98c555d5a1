import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { AzureBlobStore } from '../store/azureBlobStore.ts';
import { FolderStore } from '../store/folderStore.ts';

/** Stages of other machines are dropped when they are older than any attempt can last. */
export const STAGE_MAX_MS = 24 * 3600 * 1000;

/** What decides which store is opened. */
export type StoreSettings = Pick<
  Config,
  'store' | 'folder' | 'folderAccess' | 'azureConnectionString' | 'azureContainer'
>;

/** The store that the settings name. A new kind of store is one file in `store/` and one line here. */
export function createStore(config: StoreSettings): ArchiveStore {
  switch (config.store) {
    case 'folder':
      return new FolderStore({ folder: config.folder, access: config.folderAccess });
    case 'azure':
      return new AzureBlobStore({
        connectionString: config.azureConnectionString ?? '',
        container: config.azureContainer,
      });
  }
}
