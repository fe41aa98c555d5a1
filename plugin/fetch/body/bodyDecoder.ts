import type { HeaderMap } from '../../model/attempt.ts';
import type { Config } from '../../settings/Config.ts';
import { DigestCheck } from '../digest/digestCheck.ts';
import { declaredDigests } from '../digest/digestHeaders.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { type Flow, type Step, stop } from './bodyStep.ts';
import { type Coding, DecodeError, Decoder } from './contentCoding.ts';

/** Tables of one value compress a thousand times and are honest; up to here a bomb does no harm. */
const BOMB_FLOOR_BYTES = 8 * 1024 * 1024;

/** The limits of a body: its bytes, encoded and decoded, and how many times it may grow. */
export type DecoderSettings = Pick<Config, 'maxBytes' | 'maxDecodedRatio'>;

interface DecoderInput {
  readonly headers: HeaderMap;
  /** Outermost first; none: the bytes pass as they are. */
  readonly codings: readonly Coding[];
  readonly settings: DecoderSettings;
  /** The next stage. */
  output(chunk: Buffer): Flow;
}

/** From the bytes of the wire to those of the representation: limits on both sides of the decoder, digests of both. */
export class BodyDecoder {
  readonly #settings: DecoderSettings;
  readonly #next: (chunk: Buffer) => Flow;
  readonly #decoder: Decoder | null;
  readonly #digests: DigestCheck | null;
  /** Digests that cannot be checked, in words. */
  readonly evidence: readonly string[];
  #wire = 0;
  #decoded = 0;

  constructor({ headers, codings, settings, output }: DecoderInput) {
    const { digests, evidence } = declaredDigests(headers);
    const coded = codings.length > 0;
    this.#settings = settings;
    this.#next = output;
    this.#decoder = coded ? new Decoder(codings, (chunk) => this.#output(chunk)) : null;
    this.#digests = digests.length > 0 ? new DigestCheck(digests, coded) : null;
    this.evidence = evidence;
  }

  get coded(): boolean {
    return this.#decoder !== null;
  }

  get wireBytes(): number {
    return this.#wire;
  }

  push(chunk: Buffer): Flow {
    this.#wire += chunk.length;
    if (this.#wire > this.#settings.maxBytes) return stop(this.#tooLong(this.#wire));
    this.#digests?.content(chunk);
    return this.#decoder ? this.#decode(this.#decoder, chunk) : this.#next(chunk);
  }

  /** The body has ended, `closed`: as the connection did. Decoded to its end, it is as its digests say, and not empty. */
  async end(closed: boolean): Promise<Step> {
    const decoded = await this.#endDecoder(closed);
    if (decoded !== 'more') return decoded;
    const wrong = this.#digests?.mismatch();
    if (wrong) return stop(digestMismatch(wrong.source));
    return (this.#decoder ? this.#decoded : this.#wire) === 0 ? stop(emptyBody()) : 'more';
  }

  /** Ends what is being decoded; resolves when nothing more is put out. */
  async destroy(): Promise<void> {
    await this.#decoder?.destroy();
  }

  async #decode(decoder: Decoder, chunk: Buffer): Promise<Step> {
    try {
      return await decoder.write(chunk);
    } catch (error) {
      return stop(undecodable(error, false));
    }
  }

  async #endDecoder(closed: boolean): Promise<Step> {
    if (!this.#decoder || this.#wire === 0) return 'more';
    try {
      return await this.#decoder.end();
    } catch (error) {
      return stop(undecodable(error, closed));
    }
  }

  #output(chunk: Buffer): Flow {
    this.#decoded += chunk.length;
    const { maxBytes, maxDecodedRatio } = this.#settings;
    if (this.#decoded > maxBytes) return stop(this.#tooLong(this.#decoded));
    if (this.#decoded > BOMB_FLOOR_BYTES && this.#decoded > this.#wire * maxDecodedRatio) {
      const reason = `The body grows more than ${maxDecodedRatio} times when decoded (${this.#decoded} bytes of ${this.#wire} so far).`;
      return stop(failure('too-large', reason));
    }
    this.#digests?.decoded(chunk);
    return this.#next(chunk);
  }

  #tooLong(bytes: number): Failure {
    const { maxBytes } = this.#settings;
    const reason = `The file is longer than the limit of ${maxBytes} bytes; reading stopped at ${bytes} bytes.`;
    return failure('too-large', reason);
  }
}

/** A response without content, by its length or because nothing came. */
export function emptyBody(): Failure {
  return failure('empty', 'The answer has no content: its length is 0.');
}

function digestMismatch(source: string): Failure {
  return failure('truncated', `The bytes do not match the digest the server sent (${source}).`, true);
}

/** What else was thrown is no fault of the coding's. */
function undecodable(error: unknown, closed: boolean): Failure {
  if (!(error instanceof DecodeError)) throw error;
  const code = error.cutShort && closed ? 'truncated' : 'decode';
  return failure(code, `The body cannot be decoded: ${error.message}.`);
}
