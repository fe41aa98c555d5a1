/** A format whose files end in a way that shows that nothing is missing. */
export type EndedFormat = 'ZIP' | 'PDF' | 'Parquet' | 'gzip';

/** The longest comment behind the directory of a ZIP, and what names it. */
export const END_BYTES = 65_535 + 22;

const UTF8_MARK = 3;
/** The second one of an archive that was to be spread over several disks, and was not. */
const ZIP_STARTS = ['PK\x03\x04', 'PK\x07\x08PK\x03\x04'] as const;

/** The first byte of each, of a byte-order mark, and what may stand before a PDF. */
const MAY_BEGIN = Buffer.from('P\x1f\xef% \t\n\v\f\r\xa0', 'latin1');

/** By the first bytes; null for formats whose end shows nothing. ZIP is also what lies in GTFS, XLSX, KMZ, ODS and the like. */
export function endedFormat(first: Buffer): EndedFormat | null {
  if (!MAY_BEGIN.includes(first[0] ?? 0)) return null;
  const start = first.subarray(0, 64).toString('latin1');
  const plain = start.startsWith('\xef\xbb\xbf') ? start.slice(UTF8_MARK) : start;
  if (ZIP_STARTS.some((sign) => plain.startsWith(sign))) return 'ZIP';
  if (/^\s*%PDF-/.test(plain)) return 'PDF';
  if (plain.startsWith('PAR1')) return 'Parquet';
  return start.startsWith('\x1f\x8b\x08') ? 'gzip' : null;
}

/** What a file of this format, whose last {@link END_BYTES} these are, lacks at its end; null: nothing. */
export function lackingAtEnd(format: Exclude<EndedFormat, 'gzip'>, end: Buffer): string | null {
  switch (format) {
    case 'ZIP':
      return end.includes('PK\x05\x06', 0, 'latin1') ? null : 'a ZIP without the directory at its end';
    case 'PDF':
      return hasTrailer(end) ? null : 'a PDF without its trailer';
    case 'Parquet':
      return /^PAR[1E]$/.test(end.subarray(-4).toString('latin1')) ? null : 'a Parquet file without its footer';
  }
}

/** Where the tables of a PDF begin; the one near the start of a file made for the Web says 0 and means nothing. */
function hasTrailer(end: Buffer): boolean {
  return /startxref\s+0*[1-9]/.test(end.toString('latin1'));
}
