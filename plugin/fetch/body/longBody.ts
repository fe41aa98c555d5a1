import type { StageRef } from '../../model/stage.ts';
import type { Stage } from '../../store/ArchiveStore.ts';
import { BATCH_BYTES, type BodyHasher, type BodyHashes } from '../digest/bodyHasher.ts';
import type { Flow, Step } from './bodyStep.ts';

/** A body in batches of 1 MiB: one is filled while the one before is written and hashed. */
export class LongBody {
  readonly #stage: Stage | null;
  readonly #hasher: BodyHasher;
  #batch: ArrayBuffer | null = null;
  #view = new Uint8Array(0);
  #filled = 0;
  #writing: Promise<void> | null = null;

  /** `stage` null: the bytes are hashed, not kept. */
  constructor(stage: Stage | null, hasher: BodyHasher) {
    this.#stage = stage;
    this.#hasher = hasher;
  }

  push(chunk: Buffer): Flow {
    if (this.#batch && this.#filled + chunk.length < BATCH_BYTES) {
      this.#view.set(chunk, this.#filled);
      this.#filled += chunk.length;
      return 'more';
    }
    return this.#spread(chunk);
  }

  /** Of all bytes, once they are written. */
  async hashes(): Promise<BodyHashes> {
    await this.#flush();
    await this.#writing;
    this.#writing = null;
    return this.#hasher.finish();
  }

  async finish(): Promise<StageRef | null> {
    return (await this.#stage?.finish()) ?? null;
  }

  /** Leaves nothing; not while a push is under way. */
  async abandon(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    this.#hasher.discard();
    await this.#stage?.abandon();
  }

  async #spread(chunk: Buffer): Promise<Step> {
    for (let at = 0; at < chunk.length; ) {
      if (!this.#batch) {
        this.#batch = await this.#hasher.batch();
        this.#view = new Uint8Array(this.#batch);
        this.#filled = 0;
      }
      const part = chunk.subarray(at, at + BATCH_BYTES - this.#filled);
      this.#view.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === BATCH_BYTES) await this.#flush();
    }
    return 'more';
  }

  /** Starts writing the batch, once the one before is written. */
  async #flush(): Promise<void> {
    const buffer = this.#batch;
    const bytes = this.#filled;
    this.#batch = null;
    await this.#writing;
    if (!buffer || bytes === 0) return;
    this.#writing = this.#write(buffer, bytes);
    // Its error is thrown where the next batch, or the end, waits for it.
    this.#writing.catch(() => undefined);
  }

  async #write(buffer: ArrayBuffer, bytes: number): Promise<void> {
    await this.#stage?.write(new Uint8Array(buffer, 0, bytes));
    this.#hasher.update(buffer, bytes);
  }
}
