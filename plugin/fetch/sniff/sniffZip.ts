import { constants, inflateRawSync } from 'node:zlib';
import type { SampleRange } from './Finding.ts';
import { formatByName } from './formats.ts';
import type { MagicMatch } from './sniffMagic.ts';

/** What explains data rather than being it. */
const DOCUMENTATION_TYPES: ReadonlySet<string> = new Set([
  'txt',
  'md',
  'pdf',
  'doc',
  'docx',
  'rtf',
  'htm',
  'html',
  'png',
  'jpg',
  '',
]);

/** What can be seen of a ZIP in its first bytes. */
interface ZipView {
  readonly names: readonly string[];
  /** Content of the entry `mimetype`, where OpenDocument and EPUB put their media type. */
  readonly mediaType: string | null;
  /** All names are known: the directory at the end was seen. */
  readonly whole: boolean;
}

interface ZipMatch extends MagicMatch {
  /** `csv.zip` for a single file in it. */
  readonly extension: string | null;
  /** The directory, where only it could tell more. */
  readonly sampleRange: SampleRange | null;
}

interface ZipInput {
  readonly head: Uint8Array;
  readonly complete: boolean;
  /** The end of a file that is longer than its head. */
  readonly end: Uint8Array | null;
  /** The extension the ZIP came with: `data.csv.zip` is believed where only the first of its entries is visible. */
  readonly named: string | null;
}

/** A ZIP and what is in it, by its local headers and its directory. Nothing is unpacked but the word `mimetype`. */
export function sniffZip({ head, complete, end, named }: ZipInput): ZipMatch | null {
  if (head[0] !== 0x50) return null;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const start = bytes.toString('latin1', 0, 8);
  const spanned = start === 'PK\x07\x08PK\x03\x04' ? 4 : 0;
  const empty = start.startsWith('PK\x05\x06');
  if (!empty && !start.startsWith('PK\x03\x04', spanned)) return null;
  const view = readZip(bytes, spanned, complete ? bytes : end && Buffer.from(end));
  const known = byMediaTypeEntry(view.mediaType) ?? byNames(view.names);
  if (known)
    return {
      format: known,
      evidence: `a ZIP that holds what a ${known} file holds`,
      extension: null,
      sampleRange: null,
    };
  const sampleRange = view.whole ? null : 'end';
  const packed = packedFormat(view, named);
  if (packed) return { ...packed, sampleRange };
  return { format: 'ZIP', evidence: empty ? 'an empty ZIP' : `a ZIP of ${count(view)}`, extension: null, sampleRange };
}

function count({ names, whole }: ZipView): string {
  return `${whole ? '' : 'at least '}${names.length} ${names.length === 1 ? 'entry' : 'entries'}`;
}

function readZip(bytes: Buffer, start: number, end: Buffer | null): ZipView {
  const directory = end && directoryNames(end);
  const { names, mediaType } = localNames(bytes, start);
  if (directory?.whole) return { names: directory.names, mediaType, whole: true };
  return { names: [...new Set([...names, ...(directory?.names ?? [])])], mediaType, whole: false };
}

/** Local headers follow each other; after an entry of unknown size (bit 3) the next one is searched for. */
function localNames(bytes: Buffer, start: number): { names: string[]; mediaType: string | null } {
  const names: string[] = [];
  let mediaType: string | null = null;
  let at = start;
  while (at >= 0 && at + 30 <= bytes.length && bytes.readUInt32LE(at) === 0x04034b50) {
    const nameEnd = at + 30 + bytes.readUInt16LE(at + 26);
    const contentAt = nameEnd + bytes.readUInt16LE(at + 28);
    const size = bytes.readUInt32LE(at + 18);
    names.push(bytes.toString('utf8', at + 30, Math.min(nameEnd, bytes.length)));
    if (names.at(-1) === 'mimetype') {
      mediaType ??= shortContent(
        bytes.subarray(contentAt, contentAt + Math.min(size || 200, 200)),
        bytes.readUInt16LE(at + 8),
      );
    }
    const unknownSize = (bytes.readUInt16LE(at + 6) & 8) !== 0 && size === 0;
    at = unknownSize || size === 0xffffffff ? bytes.indexOf('PK\x03\x04', contentAt, 'latin1') : contentAt + size;
  }
  return { names, mediaType };
}

/** It must be stored plainly, which not every program knows that packs one. */
function shortContent(content: Buffer, method: number): string | null {
  if (method !== 8) return method === 0 ? content.toString('latin1') : null;
  try {
    return inflateRawSync(content, { maxOutputLength: 1024, finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');
  } catch {
    return null;
  }
}

/**
 * Names from the central directory at the end of `bytes`: all of them, or those that the end holds of a long one. Null when
 * there is no directory.
 */
function directoryNames(bytes: Buffer): { names: string[]; whole: boolean } | null {
  const end = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (end < 0 || end + 22 > bytes.length) return null;
  const start = end - bytes.readUInt32LE(end + 12);
  const names: string[] = [];
  let at = isEntry(bytes, start) ? start : bytes.indexOf('PK\x01\x02', 0, 'latin1');
  while (isEntry(bytes, at)) {
    const nameEnd = at + 46 + bytes.readUInt16LE(at + 28);
    names.push(bytes.toString('utf8', at + 46, nameEnd));
    at = nameEnd + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return { names, whole: names.length === bytes.readUInt16LE(end + 10) };
}

function isEntry(bytes: Buffer, at: number): boolean {
  return at >= 0 && at + 46 <= bytes.length && bytes.readUInt32LE(at) === 0x02014b50;
}

function byMediaTypeEntry(stored: string | null): string | null {
  const type = /^application\/(?:vnd\.oasis\.opendocument\.(spreadsheet|text|presentation|graphics)|(epub)\+zip)/.exec(
    stored ?? '',
  );
  switch (type?.[1] ?? type?.[2]) {
    case 'spreadsheet':
      return 'ODS';
    case 'text':
      return 'ODT';
    case 'presentation':
      return 'ODP';
    case 'graphics':
      return 'ODG';
    case 'epub':
      return 'EPUB';
    default:
      return null;
  }
}

function byNames(names: readonly string[]): string | null {
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  if (has(/^xl\/workbook\.bin$/)) return 'XLSB';
  if (has(/^xl\/vbaProject\.bin$/)) return 'XLSM';
  if (has(/^xl\//)) return 'XLSX';
  if (has(/^word\//)) return 'DOCX';
  if (has(/^ppt\//)) return 'PPTX';
  if (has(/^AndroidManifest\.xml$/)) return 'APK';
  if (has(/^META-INF\/MANIFEST\.MF$/)) return 'JAR';
  if (has(/(^|\/)stops\.txt$/i) && has(/(^|\/)(routes|trips|stop_times|agency)\.txt$/i)) return 'GTFS';
  if (has(/\.shp$/i) && has(/\.(dbf|shx|prj)$/i)) return 'SHP';
  if (has(/\.gdb\/[^/]+\.gdbtable$/i)) return 'FGDB';
  if (
    has(/^doc\.kml$/i) ||
    (has(/^[^/]+\.kml$/i) && names.every((name) => /\.kml$|^(files|images|icons)\/|\.(png|jpe?g|gif)$/i.test(name)))
  )
    return 'KMZ';
  return null;
}

/**
 * `CSV / ZIP`: what CKAN's quality check calls a zipped CSV. It may hold several, and documentation beside them, as long as more
 * than half of the data is of that format; or any one where the ZIP is called `.csv.zip`.
 */
function packedFormat({ names, whole }: ZipView, named: string | null): Omit<ZipMatch, 'sampleRange'> | null {
  const files = names.filter((name) => !/\/$|^__MACOSX\/|(^|\/)(\.|Thumbs\.db$)/i.test(name));
  const extensions = files.map((name) => /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '');
  const data = extensions.filter((extension) => !DOCUMENTATION_TYPES.has(extension));
  const among = data.length > 0 ? data : extensions;
  const extension = among.find((it) => named === `${it}.zip`) ?? (whole ? mostOf(among) : null);
  const format = extension ? formatByName(extension) : null;
  if (!format || format.format === 'ZIP') return null;
  const count = extensions.filter((it) => it === extension).length;
  return {
    format: `${format.format} / ZIP`,
    evidence: `a ZIP with ${count === 1 ? 'one' : count} ${format.format} ${count === 1 ? 'file' : 'files'}`,
    extension: files.length === 1 || named === `${extension}.zip` ? `${extension}.zip` : 'zip',
  };
}

function mostOf(extensions: readonly string[]): string | null {
  return (
    extensions.find((extension) => extensions.filter((it) => it === extension).length * 2 > extensions.length) ?? null
  );
}
