import { type DeclaredHints, declaredHints } from './declaredHints.ts';
import type { Finding, Sniffed, SniffInput } from './Finding.ts';
import { type Format, formatByMediaType, formatByName } from './formats.ts';
import { HeadText } from './headText.ts';
import { sniffMagic } from './sniffMagic.ts';
import { sniffOle } from './sniffOle.ts';
import { looksTextual, markLength } from './sniffText.ts';
import { sniffTextual } from './sniffTextual.ts';
import { sniffZip } from './sniffZip.ts';

/**
 * Is it data, and of what format? The bytes are believed first, then the name, the Content-Type and the declared format.
 * HTML is never data, whatever it is declared to be, nor is an error or login page in its place. Runs in time proportional
 * to the head, and unpacks no more than the word by which a ZIP names its kind.
 */
export function sniff(input: SniffInput): Sniffed {
  const declared = declaredHints(input);
  const finding = found(input, declared);
  const evidence = [...finding.evidence, ...declared.describe(finding.format)];
  return {
    data: finding.notData === null,
    mediaType: mediaTypeOf(finding, declared),
    format: finding.format === 'XHTML' ? 'HTML' : finding.format,
    charset: finding.charset,
    extension: finding.extension === undefined ? (tableEntry(finding.format)?.extension ?? null) : finding.extension,
    evidence,
    notData: finding.notData,
    sampleRange: finding.sampleRange ?? null,
  };
}

function found(input: SniffInput, declared: DeclaredHints): Finding {
  const { head, complete } = input;
  const binary = binaryFinding(input, declared) ?? behindMark(input, declared);
  if (binary) return binary;
  if (!looksTextual(head) && !beginsAsPage(head)) return unknownBinary(head, declared);
  const text = input.text ?? new HeadText(head, input.contentType);
  return { ...sniffTextual(text, complete, declared), charset: text.charset };
}

function binaryFinding(input: SniffInput, declared: DeclaredHints): Finding | null {
  const { head, complete, secondSample = null } = input;
  const zip = sniffZip({ head, complete, end: secondSample, named: declared.extension });
  if (zip) {
    const extension = zip.extension ?? tableEntry(zip.format)?.extension ?? 'zip';
    return { ...binary(zip.format, zip.evidence, extension), sampleRange: zip.sampleRange };
  }
  const ole = sniffOle(head, secondSample, declared.binaryHint(['XLS', 'DOC', 'PPT', 'MSG']));
  if (ole) {
    const extension = tableEntry(ole.format)?.extension ?? null;
    return { ...binary(ole.format, ole.evidence, extension), sampleRange: ole.sampleRange };
  }
  const magic = sniffMagic(head);
  if (magic?.format === 'HDF5' && declared.binaryHint(['NetCDF'])) {
    return binary('NetCDF', 'an HDF5 file, by its name NetCDF 4', packedExtension('NetCDF', declared));
  }
  return magic && binary(magic.format, magic.evidence, packedExtension(magic.format, declared));
}

/** Servers put a byte-order mark before all that they send: it is no proof of text. A date and two lengths (DBF) are none of a table. */
function behindMark(input: SniffInput, declared: DeclaredHints): Finding | null {
  const mark = markLength(input.head);
  const found = mark === 0 ? null : binaryFinding({ ...input, head: input.head.subarray(mark) }, declared);
  if (!found || found.format === 'DBF') return null;
  return { ...found, evidence: [...found.evidence, 'a byte-order mark stands before it'] };
}

/** WHATWG MIME Sniffing, 7.1: a page is known by its first tag, before zero bytes are looked for. */
function beginsAsPage(head: Uint8Array): boolean {
  const start = Buffer.from(head.subarray(0, 1445)).toString('latin1');
  return /^(?:\xef\xbb\xbf)?\s*(?:<!--(?:(?!-->)[\s\S])*-->\s*)*<(?:!doctype\s+html|html)[\s>]/i.test(start);
}

function binary(format: string, evidence: string, extension: string | null): Finding {
  return { format, evidence: [evidence], charset: null, notData: null, extension };
}

/** `data.csv.gz` keeps both extensions; a shapefile outside a ZIP is a `.shp`. */
function packedExtension(format: string, declared: DeclaredHints): string | null {
  const own = tableEntry(format)?.extension ?? null;
  if (format === 'SHP') return 'shp';
  return own !== null && declared.extension?.endsWith(`.${own}`) ? declared.extension : own;
}

/** Bytes that announce nothing: believed to be what the others say, when that is a format without a sure sign. */
function unknownBinary(head: Uint8Array, declared: DeclaredHints): Finding {
  const marked = markLength(head) > 0 ? ['a byte-order mark stands before bytes that are no text'] : [];
  const hint = tableEntry(declared.binaryHint(null));
  return {
    format: hint?.format ?? declared.extensionFormat,
    evidence: ['the bytes are no text and carry no sign that we know', ...marked],
    charset: null,
    notData: null,
    extension: declared.extension ?? hint?.extension ?? null,
    weak: true,
  };
}

/**
 * The format's own media type; a media type of the server's that we do not know is left as it is where the bytes were not
 * clear, and so is one that means the same.
 */
function mediaTypeOf(finding: Finding, declared: DeclaredHints): string {
  const sent = declared.vagueType ? null : declared.mediaType;
  const meant = sent === null ? null : formatByMediaType(sent);
  const entry = tableEntry(finding.format);
  if (finding.format?.endsWith(' / ZIP')) return 'application/zip';
  if (finding.format === 'SHP' && finding.extension === 'shp') return 'application/vnd.shp';
  if (sent !== null && meant === null && (finding.weak || entry === null)) return sent;
  if (sent === 'text/xml' && entry?.mediaType === 'application/xml') return sent;
  if (finding.format === 'XHTML' && sent === 'text/html') return sent;
  if (entry) return entry.mediaType;
  if (finding.charset !== null) return 'text/plain';
  return sent !== null && meant?.kind === 'binary' ? sent : (declared.vagueBinary ?? 'application/octet-stream');
}

function tableEntry(format: string | null): Format | null {
  const entry = format === null ? null : formatByName(format);
  return entry && entry.format === format ? entry : null;
}
