import type { StageRef } from '../../model/stage.ts';
import type { Stage } from '../../store/ArchiveStore.ts';
import type { BodyHasher, BodyHashes } from '../digest/bodyHasher.ts';
import type { Flow, Step } from './bodyStep.ts';

/** A body in batches: one is filled while the one before is written and hashed. */
export class LongBody {
  readonly #stage: Stage | null;
  readonly #hasher: BodyHasher;
  #batch: Uint8Array | null = null;
  #filled = 0;
  #writing: Promise<void> | null = null;

  /** `stage` null: the bytes are hashed, not kept. */
  constructor(stage: Stage | null, hasher: BodyHasher) {
    this.#stage = stage;
    this.#hasher = hasher;
  }

  push(chunk: Buffer): Flow {
    if (this.#batch && this.#filled + chunk.length < this.#batch.length) {
      this.#batch.set(chunk, this.#filled);
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
      const batch = this.#batch ?? (await this.#begin());
      const part = chunk.subarray(at, at + batch.length - this.#filled);
      batch.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === batch.length) await this.#flush();
    }
    return 'more';
  }

  async #begin(): Promise<Uint8Array> {
    const batch = await this.#hasher.batch();
    this.#batch = batch;
    this.#filled = 0;
    return batch;
  }

  /** Starts writing the batch, once the one before is written. */
  async #flush(): Promise<void> {
    const batch = this.#batch;
    const bytes = this.#filled;
    this.#batch = null;
    await this.#writing;
    if (!batch || bytes === 0) return;
    this.#writing = this.#write(batch, bytes);
    // Its error is thrown where the next batch, or the end, waits for it.
    this.#writing.catch(() => undefined);
  }

  async #write(batch: Uint8Array, bytes: number): Promise<void> {
    await this.#stage?.write(batch.subarray(0, bytes));
    this.#hasher.update(batch, bytes);
  }
}
