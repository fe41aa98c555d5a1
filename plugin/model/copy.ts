/** One stored version of a resource's bytes. Never overwritten, never rewritten. */
export interface Copy {
  readonly id: string;
  readonly resourceId: string;
  readonly datasetId: string;
  /** `archive/{timestamp}/{resourceid}/filename.ext` */
  readonly key: string;
  readonly bytes: number;
  /** 32 hexadecimal digits. */
  readonly md5: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly mediaType: string | null;
  readonly format: string | null;
  readonly charset: string | null;
  readonly filename: string;
  /** The URL the resource had, and the URL that answered in the end. Without credentials. */
  readonly url: string;
  readonly finalUrl: string;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly storedAt: Date;
  /** The answer said that it was a part of what was asked for: a page of results, or cut at a limit. */
  readonly partial: boolean;
}
