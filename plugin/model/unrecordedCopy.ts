/** Bytes in the store that no row knows: their worker died between keeping and recording. */
export interface UnrecordedCopy {
  readonly key: string;
  readonly filename: string;
  readonly bytes: number;
  readonly md5: string;
  readonly sha256: string;
}

/** The same of a file behind a page. */
export interface UnrecordedDerived {
  /** Of its link among those that were archived, from 0. */
  readonly index: number;
  readonly copy: UnrecordedCopy;
}
