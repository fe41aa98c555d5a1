import { createHash } from 'node:crypto';

/** Many bodies may be hashed by their own threads at a time, and each holds two batches: larger ones bring no higher speed. */
const BATCH_BYTES = 256 * 1024;

/** Of the decoded bytes, hexadecimal in lower case. */
export interface BodyHashes {
  readonly md5: string;
  readonly sha256: string;
}

/** md5 and sha256 of one large body, batch by batch. */
export interface BodyHasher {
  /** A buffer to be filled to its end before the next is asked for; waits while too many are being hashed. Rejects with `thread-failed`. */
  batch(): Promise<Uint8Array>;
  /** Takes a batch of which so many bytes are filled: it comes back through `batch`, and is not to be touched until then. */
  update(batch: Uint8Array, bytes: number): void;
  /** After the last `update`, once. Rejects with `thread-failed`. */
  finish(): Promise<BodyHashes>;
  /** Gives the body up; harmless after `finish`, or a second time. */
  discard(): void;
}

/** Where the hashers of bodies come from that are long enough to be hashed beside their transfer. */
export interface HasherSource {
  open(): BodyHasher;
}

/** Hashes in the calling thread. */
export class LocalHasher implements BodyHasher {
  readonly #batchBytes: number;
  readonly #md5 = createHash('md5');
  readonly #sha256 = createHash('sha256');
  readonly #idle: Uint8Array[] = [];

  constructor(batchBytes = BATCH_BYTES) {
    this.#batchBytes = batchBytes;
  }

  async batch(): Promise<Uint8Array> {
    return this.#idle.pop() ?? new Uint8Array(this.#batchBytes);
  }

  update(batch: Uint8Array, bytes: number): void {
    const filled = batch.subarray(0, bytes);
    this.#md5.update(filled);
    this.#sha256.update(filled);
    this.#idle.push(batch);
  }

  async finish(): Promise<BodyHashes> {
    return { md5: this.#md5.digest('hex'), sha256: this.#sha256.digest('hex') };
  }

  discard(): void {
    this.#idle.length = 0;
  }
}
