import type { SampleRange } from '../sniff/Finding.ts';

const SAMPLE_BYTES = 64 * 1024;

/** Keeps one range of a body that passes by, at most 64 KiB of it. */
export class BodySample {
  readonly #range: SampleRange;
  #chunks: Buffer[] = [];
  #kept = 0;
  #passed = 0;

  constructor(range: SampleRange) {
    this.#range = range;
  }

  push(chunk: Buffer): void {
    const start = this.#passed;
    this.#passed += chunk.length;
    if (this.#range === 'end') this.#keepLast(chunk);
    else if (this.#passed > this.#range && this.#kept < SAMPLE_BYTES) {
      this.#keep(chunk.subarray(Math.max(0, this.#range - start)));
    }
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    return this.#range === 'end' ? all.subarray(-SAMPLE_BYTES) : all.subarray(0, SAMPLE_BYTES);
  }

  #keep(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.length;
  }

  #keepLast(chunk: Buffer): void {
    this.#keep(chunk);
    for (let first = this.#chunks[0]; first && this.#kept - first.length >= SAMPLE_BYTES; first = this.#chunks[0]) {
      this.#chunks.shift();
      this.#kept -= first.length;
    }
  }
}
