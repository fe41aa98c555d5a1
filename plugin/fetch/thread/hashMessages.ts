/** What the hash thread is told. Buffers are transferred, not copied. */
export type ToHashThread =
  | { readonly kind: 'update'; readonly id: number; readonly buffer: ArrayBuffer; readonly bytes: number }
  | { readonly kind: 'finish'; readonly id: number }
  | { readonly kind: 'discard'; readonly id: number };

/** What it answers; each buffer comes back, so that memory stays flat. */
export type FromHashThread =
  | { readonly kind: 'hashed'; readonly id: number; readonly buffer: ArrayBuffer }
  | { readonly kind: 'finished'; readonly id: number; readonly md5: string; readonly sha256: string };
