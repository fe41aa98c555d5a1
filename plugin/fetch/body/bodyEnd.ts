import { END_BYTES, type EndedFormat, endedFormat, lackingAtEnd } from '../sniff/fileEnd.ts';
import { BodySample } from './bodySample.ts';
import { GzipEnd } from './gzipEnd.ts';
import { PartialBody } from './partialBody.ts';

/** Enough to know each of the formats by. */
const FIRST_BYTES = 64;
const NOTHING = Buffer.alloc(0);

/** What the end of a body shows. */
export interface EndOfBody {
  /** In which way the file is cut off, although its length is the one that was declared; null: in none. */
  readonly lacking: string | null;
  /** In which words it says that it is a part of what was asked for; null: it does not. */
  readonly partial: string | null;
}

/** Watches a body for what only its end shows. */
export class BodyEnd {
  readonly #partial = new PartialBody();
  #first: Buffer | null = NOTHING;
  #format: EndedFormat | null = null;
  #sample: BodySample | null = null;
  #gzip: GzipEnd | null = null;

  /** A promise: the work of looking through it holds the sender back. */
  push(chunk: Buffer): Promise<void> | null {
    this.#partial.push(chunk);
    if (this.#first === null) return this.#watch(chunk);
    // Most first chunks are long enough, and are looked at where they lie.
    this.#first = this.#first.length === 0 ? chunk : Buffer.concat([this.#first, chunk]);
    return this.#first.length < FIRST_BYTES ? null : this.#begin(this.#first);
  }

  /** All bytes have come. */
  async shown(): Promise<EndOfBody> {
    return { lacking: await this.#lacking(), partial: this.#partial.sign() };
  }

  async destroy(): Promise<void> {
    await this.#gzip?.destroy();
  }

  async #lacking(): Promise<string | null> {
    if (this.#first !== null) await this.#begin(this.#first);
    if (this.#gzip) return (await this.#gzip.lacksFooter()) ? 'a gzip without its footer' : null;
    if (this.#format === null || this.#format === 'gzip' || this.#sample === null) return null;
    return lackingAtEnd(this.#format, this.#sample.bytes());
  }

  #begin(first: Buffer): Promise<void> | null {
    this.#first = null;
    this.#format = endedFormat(first);
    if (this.#format === 'gzip') this.#gzip = new GzipEnd();
    else if (this.#format !== null) this.#sample = new BodySample('end', END_BYTES);
    return this.#watch(first);
  }

  #watch(chunk: Buffer): Promise<void> | null {
    this.#sample?.push(chunk);
    return this.#gzip?.push(chunk) ?? null;
  }
}
