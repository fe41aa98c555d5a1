const POLYNOMIAL_HIGH = 0x9a6c9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;
const SLICES = 8;

/** For each of eight slices 256 remainders, in halves: JavaScript's whole numbers end at 53 bits. */
interface Tables {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

let tables: Tables | null = null;

/**
 * CRC-64/NVME, the checksum that Amazon S3 gives an object by default: reflected polynomial 0x9a6c9329ac4bc9b5. Slicing
 * by 8; the tables are made once, when a server first sends such a checksum.
 */
export class Crc64Nvme {
  readonly #tables = slicingTables();
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(data: Uint8Array): void {
    const { high: highs, low: lows } = this.#tables;
    let [high, low] = [this.#high, this.#low];
    const byte = (at: number) => data[at] ?? 0;
    const word = (at: number) => byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
    const whole = data.length - (data.length % SLICES);
    for (let at = 0; at < whole; at += SLICES) {
      const first = low ^ word(at);
      const second = high ^ word(at + 4);
      // Written out: a loop over the slices takes three times as long.
      const a = 1792 + (first & 255);
      const b = 1536 + ((first >>> 8) & 255);
      const c = 1280 + ((first >>> 16) & 255);
      const d = 1024 + (first >>> 24);
      const e = 768 + (second & 255);
      const f = 512 + ((second >>> 8) & 255);
      const g = 256 + ((second >>> 16) & 255);
      const h = second >>> 24;
      high = xorOf(highs, a, b, c, d) ^ xorOf(highs, e, f, g, h);
      low = xorOf(lows, a, b, c, d) ^ xorOf(lows, e, f, g, h);
    }
    for (let at = whole; at < data.length; at++) {
      const index = (low ^ byte(at)) & 255;
      low = ((low >>> 8) | (high << 24)) ^ (lows[index] ?? 0);
      high = (high >>> 8) ^ (highs[index] ?? 0);
    }
    [this.#high, this.#low] = [high, low];
  }

  digest(_encoding: 'hex'): string {
    return hex(~this.#high) + hex(~this.#low);
  }
}

function xorOf(table: Uint32Array, a: number, b: number, c: number, d: number): number {
  return (table[a] ?? 0) ^ (table[b] ?? 0) ^ (table[c] ?? 0) ^ (table[d] ?? 0);
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0');
}

function slicingTables(): Tables {
  tables ??= makeTables();
  return tables;
}

function makeTables(): Tables {
  const high = new Uint32Array(SLICES * 256);
  const low = new Uint32Array(SLICES * 256);
  for (let index = 0; index < 256; index++) {
    let [upper, lower] = [0, index];
    for (let bit = 0; bit < 8; bit++) {
      const odd = lower & 1;
      lower = (lower >>> 1) | (upper << 31);
      upper >>>= 1;
      if (odd) [upper, lower] = [upper ^ POLYNOMIAL_HIGH, lower ^ POLYNOMIAL_LOW];
    }
    [high[index], low[index]] = [upper, lower];
  }
  for (let index = 256; index < SLICES * 256; index++) {
    const [upper, lower] = [high[index - 256] ?? 0, low[index - 256] ?? 0];
    low[index] = ((lower >>> 8) | (upper << 24)) ^ (low[lower & 255] ?? 0);
    high[index] = (upper >>> 8) ^ (high[lower & 255] ?? 0);
  }
  return { high, low };
}
