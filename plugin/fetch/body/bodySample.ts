import type { SampleRange } from '../sniff/Finding.ts';

const SAMPLE_BYTES = 64 * 1024;

/** Keeps one range of a body that passes by, at most so many bytes of it. */
export class BodySample {
  readonly #range: SampleRange;
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #kept = 0;
  #passed = 0;

  constructor(range: SampleRange, maxBytes: number = SAMPLE_BYTES) {
    this.#range = range;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    const start = this.#passed;
    this.#passed += chunk.length;
    if (this.#range === 'end') this.#keepLast(chunk);
    else if (this.#passed > this.#range && this.#kept < this.#maxBytes) {
      this.#keep(chunk.subarray(Math.max(0, this.#range - start)));
    }
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    return this.#range === 'end' ? all.subarray(-this.#maxBytes) : all.subarray(0, this.#maxBytes);
  }

  #keep(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.length;
  }

  #keepLast(chunk: Buffer): void {
    this.#keep(chunk);
    for (let first = this.#chunks[0]; first && this.#kept - first.length >= this.#maxBytes; first = this.#chunks[0]) {
      this.#chunks.shift();
      this.#kept -= first.length;
    }
  }
}
