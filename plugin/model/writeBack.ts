/** What changes in the host's row of one resource; null leaves the column as it is. */
export interface WriteBack {
  readonly resourceId: string;
  readonly cacheUrl: string | null;
  readonly cacheLastUpdated: Date | null;
  /** `md5:<hex>` */
  readonly hash: string | null;
  readonly size: number | null;
  readonly mimetype: string | null;
}
