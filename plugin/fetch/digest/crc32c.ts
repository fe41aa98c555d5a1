/**
 * CRC-32C (Castagnoli), RFC 3720 appendix B.4: reflected polynomial 0x82f63b78. Slicing by 4; the tables are made once,
 * when a server first sends such a checksum.
 */
type Tables = readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

let tables: Tables | null = null;

/** Castagnoli's CRC (RFC 3720 appendix B.4) of `chunk`, continued from the sum of what came before it; 0 at first. */
export function crc32c(data: Uint8Array, seed = 0): number {
  const [t0, t1, t2, t3] = slicingTables();
  let crc = ~seed;
  let index = 0;
  const end = data.length - 3;
  const byte = (at: number) => data[at] ?? 0;
  for (; index < end; index += 4) {
    crc ^= byte(index) | (byte(index + 1) << 8) | (byte(index + 2) << 16) | (byte(index + 3) << 24);
    crc = (t3[crc & 255] ?? 0) ^ (t2[(crc >>> 8) & 255] ?? 0) ^ (t1[(crc >>> 16) & 255] ?? 0) ^ (t0[crc >>> 24] ?? 0);
  }
  for (; index < data.length; index++) crc = (crc >>> 8) ^ (t0[(crc ^ byte(index)) & 255] ?? 0);
  return ~crc >>> 0;
}

function slicingTables(): Tables {
  if (!tables) {
    const first = byteTable();
    const second = shifted(first, first);
    const third = shifted(second, first);
    tables = [first, second, third, shifted(third, first)];
  }
  return tables;
}

function byteTable(): Uint32Array {
  return new Uint32Array(256).map((_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    return value;
  });
}

function shifted(table: Uint32Array, first: Uint32Array): Uint32Array {
  return table.map((value) => (value >>> 8) ^ (first[value & 255] ?? 0));
}
