import type { SampleRange } from '../sniff/Finding.ts';

const GLIMPSE_BYTES = 64 * 1024;

/** Keeps one piece of a body that passes by. */
export class Glimpse {
  readonly #piece: SampleRange;
  #chunks: Buffer[] = [];
  #kept = 0;
  #passed = 0;

  constructor(piece: SampleRange) {
    this.#piece = piece;
  }

  push(chunk: Buffer): void {
    const start = this.#passed;
    this.#passed += chunk.length;
    if (this.#piece === 'end') this.#keepLast(chunk);
    else if (this.#passed > this.#piece && this.#kept < GLIMPSE_BYTES) {
      this.#keep(chunk.subarray(Math.max(0, this.#piece - start)));
    }
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    return this.#piece === 'end' ? all.subarray(-GLIMPSE_BYTES) : all.subarray(0, GLIMPSE_BYTES);
  }

  #keep(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.length;
  }

  #keepLast(chunk: Buffer): void {
    this.#keep(chunk);
    for (let first = this.#chunks[0]; first && this.#kept - first.length >= GLIMPSE_BYTES; first = this.#chunks[0]) {
      this.#chunks.shift();
      this.#kept -= first.length;
    }
  }
}
