import type { Config } from './Config.ts';

type Name = keyof Config;

/** Which settings say where the copies of one kind of store lie. */
export interface StorePlace {
  /** Where copies lie. */
  readonly open: Name;
  /** Where those of private datasets lie, if apart. */
  readonly hidden: Name;
  /** Has no default, and is needed. */
  readonly needed: Name | null;
}

/** A row for each choice of the setting `store`. */
export const STORE_PLACES = {
  folder: { open: 'folder', hidden: 'privateFolder', needed: null },
  azure: { open: 'azureContainer', hidden: 'azurePrivateContainer', needed: 'azureConnectionString' },
  gcs: { open: 'gcsBucket', hidden: 'gcsPrivateBucket', needed: 'gcsBucket' },
  s3: { open: 's3Bucket', hidden: 's3PrivateBucket', needed: 's3Bucket' },
} as const satisfies Readonly<Record<string, StorePlace>>;
