import type { HeaderMap } from '../../model/attempt.ts';
import { DigestCheck } from '../digest/digestCheck.ts';
import { declaredDigests } from '../digest/digestHeaders.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { type Flow, type Step, stop } from './bodyStep.ts';
import { type Coding, DecodeError, Decoder } from './contentCoding.ts';
import { DecodeLimits, type DecoderSettings } from './decodeLimits.ts';

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
  readonly #limits: DecodeLimits;
  readonly #next: (chunk: Buffer) => Flow;
  readonly #decoder: Decoder | null;
  readonly #digests: DigestCheck | null;
  /** Digests that cannot be checked, in words. */
  readonly evidence: readonly string[];
  /** The fields whose digests do not match the bytes; known at the end. */
  wrongDigests: readonly string[] = [];
  #decoded = 0;

  constructor({ headers, codings, settings, output }: DecoderInput) {
    const { digests, evidence } = declaredDigests(headers);
    const coded = codings.length > 0;
    this.#limits = new DecodeLimits(settings);
    this.#next = output;
    this.#decoder = coded ? new Decoder(codings, (chunk) => this.#output(chunk), this.#limits) : null;
    this.#digests = digests.length > 0 ? new DigestCheck(digests, coded) : null;
    this.evidence = evidence;
  }

  get coded(): boolean {
    return this.#decoder !== null;
  }

  get wireBytes(): number {
    return this.#limits.wireBytes;
  }

  /** Refused for what it became when decoded: nothing that may have gone wrong on the way. */
  get isBomb(): boolean {
    return this.#limits.isBomb;
  }

  push(chunk: Buffer): Flow {
    this.#limits.wireBytes += chunk.length;
    const tooLong = this.#limits.wireFailure();
    if (tooLong) return stop(tooLong);
    this.#digests?.content(chunk);
    const decoder = this.#decoder;
    return decoder ? this.#decode(() => decoder.write(chunk), false) : this.#next(chunk);
  }

  /** The body has ended, `closed`: as the connection did. It is decoded to its end, and not empty. */
  async end(closed: boolean): Promise<Step> {
    const decoder = this.wireBytes === 0 ? null : this.#decoder;
    const decoded = decoder ? await this.#decode(() => decoder.end(), closed) : 'more';
    if (decoded !== 'more') return decoded;
    this.wrongDigests = this.#digests?.mismatches().map(({ source }) => source) ?? [];
    return (this.#decoder ? this.#decoded : this.wireBytes) === 0 ? stop(emptyBody()) : 'more';
  }

  /** Ends what is being decoded; resolves when nothing more is put out. */
  async destroy(): Promise<void> {
    await this.#decoder?.destroy();
  }

  async #decode(work: () => Promise<Step>, closed: boolean): Promise<Step> {
    const { clock } = this.#limits;
    clock.start();
    try {
      const step = await work();
      const tooSlow = step === 'more' ? this.#limits.timeFailure() : null;
      return tooSlow ? stop(tooSlow) : step;
    } catch (error) {
      return stop(undecodable(error, closed));
    } finally {
      clock.stop();
    }
  }

  #output(chunk: Buffer): Flow {
    this.#decoded += chunk.length;
    const { clock } = this.#limits;
    clock.hold();
    this.#digests?.decoded(chunk);
    const flow = this.#next(chunk);
    if (flow instanceof Promise) return flow.finally(() => clock.release());
    clock.release();
    return flow;
  }
}

/** A response without content, by its length or because nothing came. */
export function emptyBody(): Failure {
  return failure('empty', 'The answer has no content: its length is 0.');
}

/** What else was thrown is no fault of the coding's. */
function undecodable(error: unknown, closed: boolean): Failure {
  if (!(error instanceof DecodeError)) throw error;
  const code = error.cutShort && closed ? 'truncated' : 'decode';
  return failure(code, `The body cannot be decoded: ${error.message}.`);
}
