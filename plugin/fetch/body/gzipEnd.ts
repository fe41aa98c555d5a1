import { DecodeError, Decoder } from './contentCoding.ts';
import { DecodeLimits } from './decodeLimits.ts';

/** Beyond this it is not worth the work to know. */
const LIMITS = { maxBytes: 1024 ** 3, maxDecodedRatio: Number.MAX_SAFE_INTEGER, maxDecodeMs: 5000 };

/** Whether a file of gzip has its footer, which no bytes mark: it is decoded as it passes, and what comes of it forgotten. */
export class GzipEnd {
  readonly #limits = new DecodeLimits(LIMITS);
  readonly #decoder = new Decoder(['gzip'], () => 'more', this.#limits);
  #isLost = false;

  async push(chunk: Buffer): Promise<void> {
    if (this.#isLost) return;
    this.#limits.clock.start();
    try {
      this.#isLost = (await this.#decoder.write(chunk)) !== 'more';
    } catch {
      this.#isLost = true;
    } finally {
      this.#limits.clock.stop();
    }
    if (this.#isLost) await this.destroy();
  }

  /** false also for a file that is damaged otherwise, or too long to be looked through. */
  async lacksFooter(): Promise<boolean> {
    if (this.#isLost) return false;
    try {
      await this.#decoder.end();
      return false;
    } catch (error) {
      return error instanceof DecodeError && error.cutShort;
    }
  }

  async destroy(): Promise<void> {
    await this.#decoder.destroy();
  }
}
