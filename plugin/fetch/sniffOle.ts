import type { MagicMatch } from './sniffMagic.ts';

const SIGNATURE = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/** Streams that tell the application, as the directory of the compound file names them. */
const STREAMS: readonly (readonly [string, string])[] = [
  ['Workbook', 'XLS'],
  ['Book', 'XLS'],
  ['WordDocument', 'DOC'],
  ['PowerPoint Document', 'PPT'],
  ['__nameid_version1.0', 'MSG'],
];

/** What older Excel wrote without a compound file around it: a BIFF record `beginning of file`. */
const BARE_BIFF: readonly (readonly number[])[] = [
  [0x09, 0x00, 0x04, 0x00],
  [0x09, 0x02, 0x06, 0x00],
  [0x09, 0x04, 0x06, 0x00],
];

/**
 * Office's binary formats share one container. The directory may lie anywhere in the file, so where it is not visible
 * `named` (what name and declaration say) decides between them.
 */
export function sniffOle(head: Uint8Array, named: string | null): MagicMatch | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (BARE_BIFF.some((record) => record.every((byte, i) => bytes[i] === byte)) && bytes.length > 8) {
    return { format: 'XLS', evidence: 'the bytes begin as an early Excel sheet' };
  }
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) return null;
  const directory = directoryOf(bytes);
  const stream = STREAMS.find(([name]) => directory.includes(Buffer.from(`${name}\0`, 'utf16le')));
  if (stream) return { format: stream[1], evidence: `an OLE2 file with a stream “${stream[0]}”` };
  const format = named !== null && ['XLS', 'DOC', 'PPT', 'MSG'].includes(named) ? named : 'OLE2';
  return { format, evidence: format === 'OLE2' ? 'an OLE2 file' : `an OLE2 file, by its name ${format}` };
}

/** From the sector where the header says the directory begins; all that is visible when it lies beyond. */
function directoryOf(bytes: Buffer): Buffer {
  if (bytes.length < 80) return bytes;
  const sectorSize = bytes.readUInt16LE(30) === 12 ? 4096 : 512;
  const at = (bytes.readUInt32LE(48) + 1) * sectorSize;
  return at > 0 && at < bytes.length ? bytes.subarray(at) : bytes;
}
