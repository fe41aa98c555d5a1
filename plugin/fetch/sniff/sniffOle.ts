import type { SampleRange } from './Finding.ts';
import type { MagicMatch } from './sniffMagic.ts';

interface OleMatch extends MagicMatch {
  /** Where the directory is, when that is beyond the head. */
  readonly sampleRange: SampleRange | null;
}

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
 * Office's binary formats share one container. Its directory may lie anywhere in the file, and mostly at the end; `secondSample`
 * is what was found where the head said. Where it is not visible `named` (what name and declaration say) decides.
 */
export function sniffOle(head: Uint8Array, secondSample: Uint8Array | null, named: string | null): OleMatch | null {
  if (head[0] !== SIGNATURE[0] && head[0] !== 0x09) return null;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (BARE_BIFF.some((record) => record.every((byte, i) => bytes[i] === byte)) && bytes.length > 8) {
    return { format: 'XLS', evidence: 'the bytes begin as an early Excel sheet', sampleRange: null };
  }
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) return null;
  const at = directoryAt(bytes);
  const stream = firstStream(secondSample ? Buffer.from(secondSample) : bytes.subarray(at < bytes.length ? at : 0));
  if (stream) return { format: stream[1], evidence: `an OLE2 file with a stream “${stream[0]}”`, sampleRange: null };
  const format = named !== null && ['XLS', 'DOC', 'PPT', 'MSG'].includes(named) ? named : 'OLE2';
  const evidence = format === 'OLE2' ? 'an OLE2 file' : `an OLE2 file, by its name ${format}`;
  return { format, evidence, sampleRange: at < bytes.length ? null : at };
}

/** Where the header says the directory begins. */
function directoryAt(bytes: Buffer): number {
  if (bytes.length < 80) return 0;
  const sectorSize = bytes.readUInt16LE(30) === 12 ? 4096 : 512;
  return (bytes.readUInt32LE(48) + 1) * sectorSize;
}

/** What is embedded in a document stands behind the document's own streams. */
function firstStream(directory: Buffer): (typeof STREAMS)[number] | null {
  let found: (typeof STREAMS)[number] | null = null;
  let first = Number.POSITIVE_INFINITY;
  for (const stream of STREAMS) {
    const at = directory.indexOf(Buffer.from(`${stream[0]}\0`, 'utf16le'));
    if (at < 0 || at >= first) continue;
    first = at;
    found = stream;
  }
  return found;
}
