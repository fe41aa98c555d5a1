import type { Config } from '../../settings/Config.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { DecodeClock } from './decodeClock.ts';

/** Tables of one value compress a thousand times and are honest; up to here a bomb does no harm. */
const BOMB_FLOOR_BYTES = 8 * 1024 * 1024;

/** The limits of a body: its bytes, encoded and decoded, how many times it may grow, and how long decoding it may take. */
export type DecoderSettings = Pick<Config, 'maxBytes' | 'maxDecodedRatio' | 'maxDecodeMs'>;

/** The limits of one body, which hold after each of its codings: what one of them makes may be undone by the next. */
export class DecodeLimits {
  readonly #settings: DecoderSettings;
  readonly clock = new DecodeClock();
  /** Bytes that came over the wire. */
  wireBytes = 0;
  #isBomb = false;

  constructor(settings: DecoderSettings) {
    this.#settings = settings;
  }

  /** It was refused for what it became, not for what was wrong with it: no damage on the way explains that. */
  get isBomb(): boolean {
    return this.#isBomb;
  }

  /** Why the bytes of the wire are too many; null when they are not. */
  wireFailure(): Failure | null {
    return this.#tooLong(this.wireBytes);
  }

  /** `bytes`: that one coding has put out so far. */
  stageFailure(bytes: number): Failure | null {
    const tooLong = this.#tooLong(bytes);
    return tooLong ?? this.#tooMuch(bytes) ?? this.timeFailure();
  }

  /** Also a body that puts out nothing takes its time. */
  timeFailure(): Failure | null {
    const { maxDecodeMs } = this.#settings;
    if (!this.clock.isOver(maxDecodeMs)) return null;
    return this.#bomb(`Decoding the body took longer than the limit of ${maxDecodeMs} ms.`);
  }

  #tooLong(bytes: number): Failure | null {
    const { maxBytes } = this.#settings;
    if (bytes <= maxBytes) return null;
    const reason = `The file is longer than the limit of ${maxBytes} bytes; reading stopped at ${bytes} bytes.`;
    return failure('too-large', reason);
  }

  #tooMuch(bytes: number): Failure | null {
    const { maxDecodedRatio } = this.#settings;
    if (bytes <= BOMB_FLOOR_BYTES || bytes <= this.wireBytes * maxDecodedRatio) return null;
    const said = `${bytes} bytes of ${this.wireBytes} so far`;
    return this.#bomb(`The body grows more than ${maxDecodedRatio} times when decoded (${said}).`);
  }

  #bomb(reason: string): Failure {
    this.#isBomb = true;
    return failure('decode', reason, false);
  }
}
