import { hash } from 'node:crypto';
import { type StageRef, WHOLE_STAGE_BYTES } from '../../model/stage.ts';
import type { Stage } from '../../store/ArchiveStore.ts';
import { type BodyHasher, type BodyHashes, LocalHasher } from '../digest/bodyHasher.ts';
import type { Flow, Step } from './bodyStep.ts';
import { HEAD_BYTES } from './headBytes.ts';
import type { HeldBytes } from './heldBytes.ts';
import { joinChunks } from './joinChunks.ts';
import { LongBody } from './longBody.ts';

/** Where the bytes of a body go once they have proved to be data. */
export interface StageOpener {
  stage(key: string, about: { readonly mediaType: string | null }): Promise<Stage>;
  stageWhole(key: string, body: Uint8Array, about: { readonly mediaType: string | null }): Promise<StageRef>;
}

/** Under which key bytes are staged, and as what. */
export interface StageTarget {
  readonly key: string;
  readonly mediaType: string | null;
}

/** Batches of a body that is staged for want of memory. */
const SMALL_BATCH_BYTES = 64 * 1024;

/** What the sink needs of the others. */
export interface SinkInput {
  /** null: the bytes are hashed, not kept. */
  readonly stages: StageOpener | null;
  /** Known once more than {@link HEAD_BYTES} have come, or all. */
  target(): StageTarget;
  hasher(): BodyHasher;
  /** It is declared to be longer than {@link WHOLE_STAGE_BYTES}: nothing is gained by holding its first bytes until they are so many. */
  readonly isLong?: boolean;
  /** What bodies may hold at the same time. */
  readonly held: HeldBytes;
  /** Whether these are the bytes of the copy we have: they are not written again. */
  isKnown(bytes: number, hashes: BodyHashes): boolean;
}

/** A body that has come whole. */
export interface ReadBody {
  readonly bytes: number;
  readonly hashes: BodyHashes;
}

/**
 * Takes the decoded bytes of one body: hashes them, and stages what is new. It never stops by itself. A short one is held until it is
 * whole; where memory for it cannot be had within a moment it is staged as it comes, as a long one is.
 */
export class BodySink {
  readonly #input: SinkInput;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #long: LongBody | null = null;
  /** Taken of what bodies may hold. */
  #taken = 0;
  /** What is held at most of a body that may yet prove to be short. */
  readonly #heldBytes: number;

  constructor(input: SinkInput) {
    this.#input = input;
    this.#heldBytes = input.isLong === true ? HEAD_BYTES : WHOLE_STAGE_BYTES;
  }

  /** Bytes have gone to a stage, whose key no longer changes. */
  get isStaging(): boolean {
    return this.#long !== null;
  }

  push(chunk: Buffer): Flow {
    this.#bytes += chunk.length;
    if (this.#long) return this.#long.push(chunk);
    this.#chunks.push(chunk);
    if (this.#bytes > this.#heldBytes) return this.#grow(this.#input.hasher);
    return this.#bytes > HEAD_BYTES ? this.#hold(chunk.length) : 'more';
  }

  /** What came, after the last push; it is staged only once it is taken. */
  async read(): Promise<ReadBody> {
    if (this.#long) return { bytes: this.#bytes, hashes: await this.#long.hashes() };
    const body = joinChunks(this.#chunks);
    this.#chunks = [body];
    return { bytes: body.length, hashes: { md5: hash('md5', body, 'hex'), sha256: hash('sha256', body, 'hex') } };
  }

  /** Takes what was read; null: it is known, or nothing is kept. */
  async finish({ bytes, hashes }: ReadBody): Promise<StageRef | null> {
    const { stages, target, isKnown } = this.#input;
    if (isKnown(bytes, hashes)) {
      await this.abandon();
      return null;
    }
    if (this.#long) return this.#long.finish();
    const { key, mediaType } = target();
    try {
      return (await stages?.stageWhole(key, joinChunks(this.#chunks), { mediaType })) ?? null;
    } finally {
      this.#giveBack();
    }
  }

  /** Leaves nothing; not while a push is under way. */
  async abandon(): Promise<void> {
    this.#chunks = [];
    this.#giveBack();
    await this.#long?.abandon();
  }

  #hold(bytes: number): Flow {
    const held = this.#input.held.take(bytes);
    return typeof held === 'boolean' ? this.#held(held, bytes) : held.then((isHeld) => this.#held(isHeld, bytes));
  }

  #held(isHeld: boolean, bytes: number): Flow {
    if (!isHeld) return this.#grow(() => new LocalHasher(SMALL_BATCH_BYTES));
    this.#taken += bytes;
    return 'more';
  }

  #giveBack(): void {
    this.#input.held.give(this.#taken);
    this.#taken = 0;
  }

  async #grow(hasher: () => BodyHasher): Promise<Step> {
    const { stages, target } = this.#input;
    const { key, mediaType } = target();
    const stage = (await stages?.stage(key, { mediaType })) ?? null;
    const long = new LongBody(stage, hasher());
    this.#long = long;
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const chunk of chunks) await long.push(chunk);
    this.#giveBack();
    return 'more';
  }
}
