import type { HeaderMap } from '../../model/attempt.ts';
import type { Config } from '../../settings/Config.ts';
import { DigestCheck } from '../digest/digestCheck.ts';
import { declaredDigests } from '../digest/digestHeaders.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { type Coding, codingsOf, DecodeError, Decoder } from './contentCoding.ts';

/** Tables of one value compress a thousand times and are honest; up to here a bomb does no harm. */
const BOMB_FLOOR_BYTES = 8 * 1024 * 1024;

export interface UnwrappingContext {
  readonly settings: Pick<Config, 'maxBytes' | 'maxDecodedRatio'>;
  /** Takes the bytes of the representation; a promise holds the sender back. */
  take(chunk: Buffer): Promise<void> | null;
  /** Nothing more is wanted, for this reason. */
  stop(reason: Failure): void;
}

/** From the bytes of the wire to those of the representation: limits on both sides of the decoder, digests of both. */
export class Unwrapping {
  readonly #context: UnwrappingContext;
  readonly #decoder: Decoder | null;
  readonly #digests: DigestCheck | null;
  /** Digests that cannot be checked, in words. */
  readonly evidence: readonly string[];
  #wire = 0;
  #decoded = 0;
  #stopped = false;

  private constructor(headers: HeaderMap, codings: readonly Coding[], context: UnwrappingContext) {
    const { digests, evidence } = declaredDigests(headers);
    const coded = codings.length > 0;
    this.#context = context;
    this.#decoder = coded ? new Decoder(codings, (chunk) => this.#output(chunk)) : null;
    this.#digests = digests.length > 0 ? new DigestCheck(digests, coded) : null;
    this.evidence = evidence;
  }

  /** The failure: a coding that nobody here can undo. */
  static of(headers: HeaderMap, context: UnwrappingContext): Unwrapping | Failure {
    const codings = codingsOf(headers);
    return codings.kind === 'failure' ? codings.failure : new Unwrapping(headers, codings.list, context);
  }

  get coded(): boolean {
    return this.#decoder !== null;
  }

  get wireBytes(): number {
    return this.#wire;
  }

  get empty(): boolean {
    return (this.#decoder ? this.#decoded : this.#wire) === 0;
  }

  push(chunk: Buffer): Promise<void> | null {
    this.#wire += chunk.length;
    if (this.#wire > this.#context.settings.maxBytes) return this.#stop(this.#tooLong(this.#wire));
    this.#digests?.content(chunk);
    return this.#decoder ? this.#decode(this.#decoder, chunk) : this.#context.take(chunk);
  }

  /** The body has ended, `closed`: as the connection did. null: as it should. */
  async end(closed: boolean): Promise<Failure | null> {
    if (!this.#decoder || this.#wire === 0) return null;
    try {
      await this.#decoder.end();
      return null;
    } catch (error) {
      return undecodable(error, closed);
    }
  }

  /** A digest that the server sent and the bytes do not have. */
  disproved(): Failure | null {
    const wrong = this.#digests?.mismatch();
    if (!wrong) return null;
    return failure('truncated', `The bytes do not match the digest the server sent (${wrong.source}).`, true);
  }

  destroy(): void {
    this.#decoder?.destroy();
  }

  async #decode(decoder: Decoder, chunk: Buffer): Promise<void> {
    try {
      await decoder.write(chunk);
    } catch (error) {
      this.#stop(undecodable(error, false));
    }
  }

  #output(chunk: Buffer): Promise<void> | null {
    if (this.#stopped) return null;
    this.#decoded += chunk.length;
    const { maxBytes, maxDecodedRatio } = this.#context.settings;
    if (this.#decoded > maxBytes) return this.#stop(this.#tooLong(this.#decoded));
    if (this.#decoded > BOMB_FLOOR_BYTES && this.#decoded > this.#wire * maxDecodedRatio) {
      const reason = `The body grows more than ${maxDecodedRatio} times when decoded (${this.#decoded} bytes of ${this.#wire} so far).`;
      return this.#stop(failure('too-large', reason));
    }
    this.#digests?.decoded(chunk);
    return this.#context.take(chunk);
  }

  #stop(reason: Failure): null {
    if (!this.#stopped) this.#context.stop(reason);
    this.#stopped = true;
    return null;
  }

  #tooLong(bytes: number): Failure {
    const { maxBytes } = this.#context.settings;
    const reason = `The file is longer than the limit of ${maxBytes} bytes; reading stopped at ${bytes} bytes.`;
    return failure('too-large', reason);
  }
}

/** What else was thrown is no fault of the coding's. */
function undecodable(error: unknown, closed: boolean): Failure {
  if (!(error instanceof DecodeError)) throw error;
  const code = error.cutShort && closed ? 'truncated' : 'decode';
  return failure(code, `The body cannot be decoded: ${error.message}.`);
}
