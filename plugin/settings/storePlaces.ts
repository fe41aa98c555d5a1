import type { Config } from './Config.ts';

type Name = keyof Config;

/** Which settings say where the copies of one kind of store lie. */
export interface StorePlace {
  /** Where copies lie. */
  readonly open: Name;
  /** Where those of private datasets lie, if apart. */
  readonly hidden: Name;
  /** Have no default, and one of them is needed; none: nothing is. */
  readonly needed: readonly Name[];
}

/** A row for each choice of the setting `store`. */
export const STORE_PLACES = {
  folder: { open: 'folder', hidden: 'privateFolder', needed: [] },
  azure: {
    open: 'azureContainer',
    hidden: 'azurePrivateContainer',
    needed: ['azureConnectionString', 'azureAccountUrl'],
  },
  gcs: { open: 'gcsBucket', hidden: 'gcsPrivateBucket', needed: ['gcsBucket'] },
  s3: { open: 's3Bucket', hidden: 's3PrivateBucket', needed: ['s3Bucket'] },
} as const satisfies Readonly<Record<string, StorePlace>>;
