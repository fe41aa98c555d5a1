import type { LaterPiece } from '../body/bodySample.ts';
import { type Witnesses, witnessesOf } from './declaredHints.ts';
import { type Format, formatByMediaType, formatByName } from './formats.ts';
import { sniffMagic } from './sniffMagic.ts';
import { sniffOle } from './sniffOle.ts';
import { decodeText, looksTextual } from './sniffText.ts';
import { sniffTextual } from './sniffTextual.ts';
import { sniffZip } from './sniffZip.ts';

export interface SniffInput {
  /** The first bytes of the representation, decoded, at most 64 KiB. */
  readonly head: Uint8Array;
  /** Whether that is everything. */
  readonly complete: boolean;
  /** The piece that an earlier look at the same head pointed to. */
  readonly later?: Uint8Array | null;
  readonly contentType: string | null;
  readonly declaredFormat: string | null;
  readonly name: string | null;
  readonly url: string;
}

export interface Sniffed {
  readonly data: boolean;
  /** Without parameters. */
  readonly mediaType: string;
  /** As portals write it; null when neither the bytes nor anyone else names one. */
  readonly format: string | null;
  /** null for bytes that are no text. */
  readonly charset: string | null;
  /** Without a dot, e.g. `csv`, `csv.zip`; null when nothing is known. */
  readonly extension: string | null;
  /** Words for people, the strongest first. */
  readonly evidence: readonly string[];
  /** Why the bytes are not data; null when they are. */
  readonly notData: string | null;
  /** A container whose table of contents lies beyond the head: where. */
  readonly later: LaterPiece | null;
}

/** What the bytes alone say. */
export interface Finding {
  readonly format: string | null;
  readonly evidence: readonly string[];
  readonly charset: string | null;
  readonly notData: string | null;
  readonly extension?: string | null;
  /** Concluded from regularity alone, so that a media type of its own keeps its word. */
  readonly weak?: boolean;
  readonly later?: LaterPiece | null;
}

/**
 * Is it data, and of what format? Four witnesses are heard: the bytes, which are believed first, then the name, the
 * Content-Type and the declared format. HTML is never data, whatever it is declared to be, nor is an error or login page
 * in its place. Runs in time proportional to the head, and unpacks no more than
 * the word by which a ZIP names its kind.
 */
export function sniff(input: SniffInput): Sniffed {
  const witnesses = witnessesOf(input);
  const finding = found(input, witnesses);
  const evidence = [...finding.evidence, ...witnesses.words(finding.format)];
  return {
    data: finding.notData === null,
    mediaType: mediaTypeOf(finding, witnesses),
    format: finding.format === 'XHTML' ? 'HTML' : finding.format,
    charset: finding.charset,
    extension: finding.extension === undefined ? (tableEntry(finding.format)?.extension ?? null) : finding.extension,
    evidence,
    notData: finding.notData,
    later: finding.later ?? null,
  };
}

function found(input: SniffInput, witnesses: Witnesses): Finding {
  const { head, complete, later = null } = input;
  const zip = sniffZip({ head, complete, end: later, named: witnesses.extension });
  if (zip)
    return {
      ...binary(zip.format, zip.evidence, zip.extension ?? tableEntry(zip.format)?.extension ?? 'zip'),
      later: zip.later,
    };
  const ole = sniffOle(head, later, witnesses.binaryHint(['XLS', 'DOC', 'PPT', 'MSG']));
  if (ole) return { ...binary(ole.format, ole.evidence, tableEntry(ole.format)?.extension ?? null), later: ole.later };
  const magic = sniffMagic(head);
  if (magic?.format === 'HDF5' && witnesses.binaryHint(['NetCDF'])) {
    return binary('NetCDF', 'an HDF5 file, by its name NetCDF 4', packedExtension('NetCDF', witnesses));
  }
  if (magic) return binary(magic.format, magic.evidence, packedExtension(magic.format, witnesses));
  if (!looksTextual(head)) return unknownBinary(witnesses);
  const decoded = decodeText(head, input.contentType);
  return { ...sniffTextual(decoded.text, complete, witnesses), charset: decoded.charset };
}

function binary(format: string, evidence: string, extension: string | null): Finding {
  return { format, evidence: [evidence], charset: null, notData: null, extension };
}

/** `data.csv.gz` keeps both endings; a shapefile outside a ZIP is a `.shp`. */
function packedExtension(format: string, witnesses: Witnesses): string | null {
  const own = tableEntry(format)?.extension ?? null;
  if (format === 'SHP') return 'shp';
  return own !== null && witnesses.extension?.endsWith(`.${own}`) ? witnesses.extension : own;
}

/** Bytes that announce nothing: believed to be what the others say, when that is a format without a sure sign. */
function unknownBinary(witnesses: Witnesses): Finding {
  const hint = tableEntry(witnesses.binaryHint(null));
  return {
    format: hint?.format ?? witnesses.extensionFormat,
    evidence: ['the bytes are no text and carry no sign that we know'],
    charset: null,
    notData: null,
    extension: witnesses.extension ?? hint?.extension ?? null,
    weak: true,
  };
}

/**
 * The format's own media type; a media type of the server's that we do not know is left as it is where the bytes were not
 * clear, and so is one that means the same.
 */
function mediaTypeOf(finding: Finding, witnesses: Witnesses): string {
  const sent = witnesses.vagueType ? null : witnesses.mediaType;
  const meant = sent === null ? null : formatByMediaType(sent);
  const entry = tableEntry(finding.format);
  if (finding.format?.endsWith(' / ZIP')) return 'application/zip';
  if (finding.format === 'SHP' && finding.extension === 'shp') return 'application/vnd.shp';
  if (sent !== null && meant === null && (finding.weak || entry === null)) return sent;
  if (sent === 'text/xml' && entry?.mediaType === 'application/xml') return sent;
  if (finding.format === 'XHTML' && sent === 'text/html') return sent;
  if (entry) return entry.mediaType;
  if (finding.charset !== null) return 'text/plain';
  return sent !== null && meant?.kind === 'binary' ? sent : (witnesses.vagueBinary ?? 'application/octet-stream');
}

function tableEntry(format: string | null): Format | null {
  const entry = format === null ? null : formatByName(format);
  return entry && entry.format === format ? entry : null;
}
