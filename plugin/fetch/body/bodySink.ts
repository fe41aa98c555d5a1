import { hash } from 'node:crypto';
import type { StageRef } from '../../model/stage.ts';
import type { Stage } from '../../store/ArchiveStore.ts';
import { BATCH_BYTES, type BodyHasher, type BodyHashes } from '../digest/bodyHasher.ts';
import type { SampleRange } from '../sniff/Finding.ts';
import { Glimpse } from './bodySample.ts';

/** Up to this size a body is held in memory, and costs one hash call per digest and one write. */
export const SMALL_BYTES = 1024 * 1024;
export const HEAD_BYTES = 64 * 1024;

/** Where the bytes of a body go once they have proved to be data. */
export interface StageOpener {
  stage(key: string, about: { readonly mediaType: string | null }): Promise<Stage>;
  stageWhole(key: string, body: Uint8Array, about: { readonly mediaType: string | null }): Promise<StageRef>;
}

/** Under which key, and what is known of the bytes; null from `judge` when they are not wanted. */
export interface Place {
  readonly key: string;
  readonly mediaType: string | null;
  /** The piece of the body that would tell more of it. */
  readonly later: SampleRange | null;
}

export interface IntakeInput {
  /** Called once, with the first bytes: up to 64 KiB, fewer when the body is complete. null: not wanted. */
  judge(head: Buffer, complete: boolean, bytes: number): Place | null;
  /** At the end of a body that is longer than its head, with the piece that the place pointed to; `open`: it is staged. */
  judgeAgain(later: Buffer, open: boolean): Place | null;
  /** null: the bytes are hashed, not kept. */
  readonly stages: StageOpener | null;
  hasher(): BodyHasher;
  /** Whether these are the bytes of the copy we have: they are not written again. */
  isKnown(bytes: number, hashes: BodyHashes): boolean;
}

export type Taken =
  | { readonly kind: 'taken'; readonly bytes: number; readonly hashes: BodyHashes; readonly stage: StageRef | null }
  | { readonly kind: 'unwanted' };

/** Takes the decoded bytes of one body: judges their head, hashes them, and stages what is new. */
export class Intake {
  readonly #input: IntakeInput;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #place: Place | null = null;
  #unwanted = false;
  #large: LargeBody | null = null;
  #glimpse: Glimpse | null = null;

  constructor(input: IntakeInput) {
    this.#input = input;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get unwanted(): boolean {
    return this.#unwanted;
  }

  push(chunk: Buffer): Promise<void> | null {
    if (this.#unwanted) return null;
    this.#bytes += chunk.length;
    this.#glimpse?.push(chunk);
    if (this.#large) return this.#large.push(chunk);
    this.#chunks.push(chunk);
    if (!this.#place && this.#bytes >= HEAD_BYTES && !this.#judge(false)) return null;
    return this.#bytes > SMALL_BYTES && this.#place ? this.#grow(this.#place) : null;
  }

  async finish(): Promise<Taken> {
    if (!this.#place && !this.#unwanted) this.#judge(true);
    if (this.#unwanted || !this.#place) return { kind: 'unwanted' };
    const open = this.#large !== null;
    const place = (this.#glimpse && this.#input.judgeAgain(this.#glimpse.bytes(), open)) ?? this.#place;
    return this.#large ? this.#finishLarge(this.#large) : this.#finishSmall(place);
  }

  /** Leaves nothing. Idempotent. */
  async abandon(): Promise<void> {
    this.#chunks = [];
    this.#unwanted = true;
    await this.#large?.abandon();
  }

  #judge(complete: boolean): boolean {
    const head = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#place = this.#input.judge(head.subarray(0, HEAD_BYTES), complete && head.length <= HEAD_BYTES, this.#bytes);
    this.#unwanted = this.#place === null;
    if (this.#unwanted) this.#chunks = [];
    const later = complete ? null : (this.#place?.later ?? null);
    if (later !== null) this.#glimpse = new Glimpse(later);
    for (const chunk of this.#chunks) this.#glimpse?.push(chunk);
    return !this.#unwanted;
  }

  async #grow(place: Place): Promise<void> {
    const stage = (await this.#input.stages?.stage(place.key, { mediaType: place.mediaType })) ?? null;
    const large = new LargeBody(stage, this.#input.hasher());
    this.#large = large;
    if (this.#unwanted) {
      await large.abandon();
      return;
    }
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const chunk of chunks) await large.push(chunk);
  }

  async #finishSmall(place: Place): Promise<Taken> {
    const body = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks);
    const hashes = { md5: hash('md5', body, 'hex'), sha256: hash('sha256', body, 'hex') };
    const { stages } = this.#input;
    const same = this.#input.isKnown(body.length, hashes);
    const stage = same || !stages ? null : await stages.stageWhole(place.key, body, { mediaType: place.mediaType });
    return { kind: 'taken', bytes: body.length, hashes, stage };
  }

  async #finishLarge(large: LargeBody): Promise<Taken> {
    const hashes = await large.hashes();
    const same = this.#input.isKnown(this.#bytes, hashes);
    if (same) await large.abandon();
    const stage = same ? null : await large.finish();
    return { kind: 'taken', bytes: this.#bytes, hashes, stage };
  }
}

/** A body in batches of 1 MiB: one is filled while the one before is written and hashed. */
class LargeBody {
  readonly #stage: Stage | null;
  readonly #hasher: BodyHasher;
  #batch: ArrayBuffer | null = null;
  #view = new Uint8Array(0);
  #filled = 0;
  #writing: Promise<void> | null = null;
  #over = false;

  constructor(stage: Stage | null, hasher: BodyHasher) {
    this.#stage = stage;
    this.#hasher = hasher;
  }

  push(chunk: Buffer): Promise<void> | null {
    if (this.#batch && this.#filled + chunk.length < BATCH_BYTES) {
      this.#view.set(chunk, this.#filled);
      this.#filled += chunk.length;
      return null;
    }
    return this.#spread(chunk);
  }

  async hashes(): Promise<BodyHashes> {
    await this.#flush();
    await this.#writing;
    this.#writing = null;
    const hashes = await this.#hasher.finish();
    this.#over = true;
    return hashes;
  }

  async finish(): Promise<StageRef | null> {
    return (await this.#stage?.finish()) ?? null;
  }

  async abandon(): Promise<void> {
    if (!this.#over) this.#hasher.discard();
    this.#over = true;
    await this.#writing?.catch(() => undefined);
    await this.#stage?.abandon();
  }

  async #spread(chunk: Buffer): Promise<void> {
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
    if (!this.#over) this.#hasher.update(buffer, bytes);
  }
}
