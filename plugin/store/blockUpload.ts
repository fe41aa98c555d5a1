import { randomBytes } from 'node:crypto';
import type { BlockBlobClient } from '@azure/storage-blob';

const BLOCK_BYTES = 8 * 1024 * 1024;
const AT_ONCE = 4;

/** What a finished upload left: a body that fitted into one block is still here, a larger one lies in blocks. */
export type Uploaded =
  | { readonly kind: 'whole'; readonly body: Uint8Array; readonly bytes: number }
  | { readonly kind: 'blocks'; readonly blockIds: readonly string[]; readonly bytes: number };

/** A body as uncommitted blocks: 8 MiB each, four under way at a time, so that memory stays bounded. */
export class BlockUpload {
  readonly #blob: BlockBlobClient;
  readonly #wrap: (error: unknown) => Error;
  /** Two uploads to one key must not write over each other's blocks. */
  readonly #id = randomBytes(12).toString('hex');
  readonly #blockIds: string[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  #filled = 0;
  #bytes = 0;
  #failure: Error | null = null;

  constructor(blob: BlockBlobClient, wrap: (error: unknown) => Error) {
    this.#blob = blob;
    this.#wrap = wrap;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#filled === BLOCK_BYTES && chunk.length > 0) await this.#send();
    for (let from = 0; from < chunk.length; ) {
      const count = Math.min(BLOCK_BYTES - this.#filled, chunk.length - from);
      this.#buffer.set(chunk.subarray(from, from + count), this.#filled);
      this.#filled += count;
      from += count;
      if (this.#filled === BLOCK_BYTES && from < chunk.length) await this.#send();
    }
    this.#bytes += chunk.length;
  }

  async finish(): Promise<Uploaded> {
    if (this.#blockIds.length === 0) {
      return { kind: 'whole', body: this.#buffer.subarray(0, this.#filled), bytes: this.#bytes };
    }
    if (this.#filled > 0) await this.#send();
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure;
    return { kind: 'blocks', blockIds: this.#blockIds, bytes: this.#bytes };
  }

  async abandon(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#underWay);
  }

  async #send(): Promise<void> {
    while (this.#underWay.size >= AT_ONCE) await Promise.race(this.#underWay);
    if (this.#failure) throw this.#failure;
    // Ids of one blob must all have the same length.
    const id = Buffer.from(`${this.#id}-${String(this.#blockIds.length).padStart(6, '0')}`).toString('base64');
    const block = this.#buffer.subarray(0, this.#filled);
    this.#buffer = Buffer.allocUnsafe(BLOCK_BYTES);
    this.#filled = 0;
    this.#blockIds.push(id);
    const sending: Promise<void> = this.#blob
      .stageBlock(id, block, block.length, { abortSignal: this.#stop.signal })
      .then(
        () => undefined,
        (error: unknown) => {
          this.#failure ??= this.#wrap(error);
        },
      )
      .finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }
}
