/** What digests a hash thread makes of each body. */
export type ThreadAlgorithm = 'md5' | 'sha256';

/** What a hash thread is told. A batch lies in memory that the threads share: nothing of it is copied. */
export type ToHashThread =
  | { readonly kind: 'update'; readonly id: number; readonly batch: SharedArrayBuffer; readonly bytes: number }
  | { readonly kind: 'finish'; readonly id: number }
  | { readonly kind: 'discard'; readonly id: number };

/** What it answers: `hashed` once for each batch, in the order in which they came. */
export type FromHashThread =
  | { readonly kind: 'hashed'; readonly id: number }
  | {
      readonly kind: 'finished';
      readonly id: number;
      readonly digests: Readonly<Partial<Record<ThreadAlgorithm, string>>>;
    };
