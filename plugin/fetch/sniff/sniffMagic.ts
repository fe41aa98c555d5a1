/** A format found by magic number, and the words for it. */
export interface MagicMatch {
  readonly format: string;
  readonly evidence: string;
}

/** format | offset | bytes as text (`\xNN` escapes, `?` any byte) */
const SIGNATURES: readonly (readonly [string, number, string])[] = [
  ['PDF', 0, '%PDF-'],
  ['PNG', 0, '\x89PNG\r\n\x1a\n'],
  ['JPEG', 0, '\xff\xd8\xff'],
  ['GIF', 0, 'GIF87a'],
  ['GIF', 0, 'GIF89a'],
  ['GZIP', 0, '\x1f\x8b\x08'],
  ['BZIP2', 0, 'BZh?1AY&SY'],
  ['XZ', 0, '\xfd7zXZ\0'],
  ['ZSTD', 0, '\x28\xb5\x2f\xfd'],
  ['7Z', 0, '7z\xbc\xaf\x27\x1c'],
  ['RAR', 0, 'Rar!\x1a\x07'],
  ['Parquet', 0, 'PAR1'],
  ['Arrow', 0, 'ARROW1\0\0'],
  ['Arrow', 0, 'FEA1'],
  ['Avro', 0, 'Obj\x01'],
  ['ORC', 0, 'ORC'],
  ['HDF4', 0, '\x0e\x03\x13\x01'],
  ['NetCDF', 0, 'CDF\x01'],
  ['NetCDF', 0, 'CDF\x02'],
  ['NetCDF', 0, 'CDF\x05'],
  ['FlatGeobuf', 0, 'fgb?fgb'],
  ['MDB', 0, '\0\x01\0\0Standard Jet DB'],
  ['MDB', 0, '\0\x01\0\0Standard ACE DB'],
  ['JP2', 0, '\0\0\0\x0cjP  \r\n\x87\n'],
  ['WebP', 0, 'RIFF????WEBP'],
  ['WAV', 0, 'RIFF????WAVE'],
  ['OGG', 0, 'OggS\0'],
  ['MP3', 0, 'ID3'],
  ['MP4', 4, 'ftyp'],
  ['WARC', 0, 'WARC/1.'],
  ['WARC', 0, 'WARC/0.'],
  ['RTF', 0, '{\\rtf'],
  ['LAS', 0, 'LASF'],
  ['DWG', 0, 'AC10'],
  ['SAV', 0, '$FL2'],
  ['SAV', 0, '$FL3'],
  ['DTA', 0, '<stata_dta>'],
  ['ELF', 0, '\x7fELF'],
  ['TAR', 257, 'ustar'],
  ['PBF', 4, '\n\tOSMHeader'],
];

/** By the first byte of a file those that it may have, in the order of the table. */
const MAY_BEGIN = Array.from({ length: 256 }, (_, byte) =>
  SIGNATURES.filter(([, offset, signature]) => offset > 0 || signature.charCodeAt(0) === byte),
);

/** The format that the first bytes announce; null when they announce none. ZIP and OLE2 files have readers of their own. */
export function sniffMagic(head: Uint8Array): MagicMatch | null {
  const simple = MAY_BEGIN[head[0] ?? 0]?.find(([, offset, signature]) => matches(head, offset, signature));
  if (simple && confirmed(simple[0], head)) return { format: simple[0], evidence: `the bytes begin as ${simple[0]}` };
  const format =
    latePdf(head) ??
    hierarchical(head) ??
    grid(head) ??
    tiff(head) ??
    sqlite(head) ??
    shape(head) ??
    executable(head) ??
    bitmap(head) ??
    dbase(head);
  return format ? { format, evidence: `the bytes begin as ${format}` } : null;
}

/** Signatures that are letters could begin a text. */
function confirmed(format: string, head: Uint8Array): boolean {
  if (format === 'ORC' || format === 'MP3' || format === 'DWG') return head.subarray(0, 512).includes(0);
  return format !== 'LAS' || (head[24] ?? 0) === 1;
}

/** Some programs write a byte-order mark or whitespace before it, and every reader looks further. */
function latePdf(head: Uint8Array): string | null {
  const [first = 0] = head;
  if (first > 0x20 && first < 0xa0) return null;
  return /^[\s\xef\xbb\xbf]+%PDF-/.test(Buffer.from(head.subarray(0, 64)).toString('latin1')) ? 'PDF' : null;
}

/** HDF5, behind a block of the user's of 512 bytes or a power of two times that. NetCDF 4 is HDF5 that says so inside. */
function hierarchical(head: Uint8Array): string | null {
  const places = [0, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];
  if (!places.some((at) => matches(head, at, '\x89HDF\r\n\x1a\n'))) return null;
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength).includes('_NCProperties') ? 'NetCDF' : 'HDF5';
}

function tiff(head: Uint8Array): string | null {
  const little = matches(head, 0, 'II*\0') || matches(head, 0, 'II+\0');
  if (!little && !matches(head, 0, 'MM\0*') && !matches(head, 0, 'MM\0+')) return null;
  return geoKeys(head, little) ? 'GeoTIFF' : 'TIFF';
}

/** A tag of the first directory tells a map from a picture: 33550, 33922, 34264 or 34735. */
function geoKeys(head: Uint8Array, little: boolean): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const big = head[little ? 2 : 3] === 43;
  if (head.length < 16) return false;
  const at = big ? Number(view.getBigUint64(8, little)) : view.getUint32(4, little);
  const size = big ? 20 : 12;
  const first = at + (big ? 8 : 2);
  if (first > head.length) return false;
  const count = big ? Number(view.getBigUint64(at, little)) : view.getUint16(at, little);
  for (let i = 0; i < Math.min(count, 500) && first + i * size + 2 <= head.length; i += 1) {
    if ([33_550, 33_922, 34_264, 34_735].includes(view.getUint16(first + i * size, little))) return true;
  }
  return false;
}

/** A GeoPackage says so in the header's application id, the oldest ones as `GP10`. */
function sqlite(head: Uint8Array): string | null {
  if (!matches(head, 0, 'SQLite format 3\0')) return null;
  return matches(head, 68, 'GPKG') || matches(head, 68, 'GP1') ? 'GPKG' : 'SQLite';
}

/** File code 9994 big-endian, version 1000 little-endian. The index (.shx) has the same head. */
function shape(head: Uint8Array): string | null {
  return matches(head, 0, '\0\0\x27\x0a') && matches(head, 28, '\xe8\x03\0\0') ? 'SHP' : null;
}

/** GRIB 1 or 2; a WMO bulletin header may stand before it. */
function grid(head: Uint8Array): string | null {
  if (head[0] !== 0x47 && head[0] !== 1) return null;
  const at = Buffer.from(head.subarray(0, 128)).indexOf('GRIB', 0, 'latin1');
  const edition = head[at + 7];
  return at >= 0 && (edition === 1 || edition === 2) && (at === 0 || head[0] === 1) ? 'GRIB' : null;
}

function executable(head: Uint8Array): string | null {
  if (!matches(head, 0, 'MZ') || head.length < 64) return null;
  const at = new DataView(head.buffer, head.byteOffset).getUint32(60, true);
  return matches(head, at, 'PE\0\0') ? 'EXE' : null;
}

function bitmap(head: Uint8Array): string | null {
  return matches(head, 0, 'BM') && matches(head, 6, '\0\0\0\0') && head.length > 18 && matches(head, 15, '\0\0\0')
    ? 'BMP'
    : null;
}

/** dBase has no signature worth the name: version, a date, and header and record lengths that agree. */
function dbase(head: Uint8Array): string | null {
  if (head.length < 33 || ![0x02, 0x03, 0x04, 0x30, 0x31, 0x43, 0x83, 0x8b, 0xf5].includes(head[0] ?? 0)) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const [month = 0, day = 0] = [head[2], head[3]];
  const headerLength = view.getUint16(8, true);
  const recordLength = view.getUint16(10, true);
  const dated = month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (!dated || headerLength < 33 || recordLength < 2) return null;
  return headerLength > head.length ||
    head[32 * Math.floor((headerLength - 1) / 32)] === 0x0d ||
    head[headerLength - 1] === 0x0d
    ? 'DBF'
    : null;
}

function matches(head: Uint8Array, offset: number, signature: string): boolean {
  if (head.length < offset + signature.length) return false;
  for (let i = 0; i < signature.length; i += 1) {
    if (signature[i] !== '?' && head[offset + i] !== signature.charCodeAt(i)) return false;
  }
  return true;
}
