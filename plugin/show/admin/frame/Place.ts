/** Where the pages are reached, and when they are made. */
export interface Place {
  /** Path of the place where the handler is mounted, without a slash at its end; empty at the root. */
  readonly base: string;
  /** The portal's name and its URL; null before the archiver is started. */
  readonly portal: { readonly name: string; readonly site: string } | null;
  readonly now: Date;
}
