/** A reference of a page to what may be the data behind it. Plain data. */
export interface DataLink {
  /** Absolute, without credentials or fragment. */
  readonly url: string;
  /** As portals write it, e.g. `CSV`; null when nothing shows it. */
  readonly format: string | null;
  /** 0 to 1; from {@link CLAIMED} on it is claimed to be the data, below it is merely listed. */
  readonly score: number;
  /** What speaks for and against it, in words. */
  readonly evidence: readonly string[];
}

/** The line between links that are claimed to be the data and those that are merely listed. */
export const CLAIMED = 0.5;
