import { hash } from 'node:crypto';
import { type StageRef, WHOLE_STAGE_BYTES } from '../../model/stage.ts';
import type { Stage } from '../../store/ArchiveStore.ts';
import type { BodyHasher, BodyHashes } from '../digest/bodyHasher.ts';
import type { Flow, Step } from './bodyStep.ts';
import { HEAD_BYTES } from './headBytes.ts';
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

/** What the sink needs of the others. */
export interface SinkInput {
  /** null: the bytes are hashed, not kept. */
  readonly stages: StageOpener | null;
  /** Known once more than {@link WHOLE_STAGE_BYTES} have come, or all; of a long body with more than {@link HEAD_BYTES}. */
  target(): StageTarget;
  hasher(): BodyHasher;
  /** It is declared to be longer than {@link WHOLE_STAGE_BYTES}: nothing is gained by holding its first bytes until they are so many. */
  readonly isLong?: boolean;
  /** Whether these are the bytes of the copy we have: they are not written again. */
  isKnown(bytes: number, hashes: BodyHashes): boolean;
}

/** A body that has come whole. */
export interface ReadBody {
  readonly bytes: number;
  readonly hashes: BodyHashes;
}

/** Takes the decoded bytes of one body: hashes them, and stages what is new. It never stops by itself. */
export class BodySink {
  readonly #input: SinkInput;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #long: LongBody | null = null;
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
    return this.#bytes > this.#heldBytes ? this.#grow() : 'more';
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
    return (await stages?.stageWhole(key, joinChunks(this.#chunks), { mediaType })) ?? null;
  }

  /** Leaves nothing; not while a push is under way. */
  async abandon(): Promise<void> {
    this.#chunks = [];
    await this.#long?.abandon();
  }

  async #grow(): Promise<Step> {
    const { stages, target, hasher } = this.#input;
    const { key, mediaType } = target();
    const stage = (await stages?.stage(key, { mediaType })) ?? null;
    const long = new LongBody(stage, hasher());
    this.#long = long;
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const chunk of chunks) await long.push(chunk);
    return 'more';
  }
}
