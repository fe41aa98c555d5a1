import { decodePercent, lastSegment } from '../http/percent.ts';
import { splitExtension } from './extensions.ts';
import type { SniffInput } from './Finding.ts';
import { type Format, formatByMediaType, formatByName } from './formats.ts';

/** What everyone but the bytes says the resource is. */
export interface DeclaredHints {
  /** Of the Content-Type, lower case, no parameters; null when absent or unreadable. */
  readonly mediaType: string | null;
  /** The media type is one that servers send when they do not know. */
  readonly vagueType: boolean;
  /** A vague type that fits any bytes; null for `text/plain` and none. */
  readonly vagueBinary: string | null;
  /** Content-Type is HTML's. */
  readonly htmlType: boolean;
  /** Of the name, else of the URL: lower case, `csv.zip`; null without one. */
  readonly extension: string | null;
  /** An extension as portals write a format: `FOO`, and `F1 / F2` for a double one. */
  readonly extensionFormat: string | null;
  /** Formats named by name, Content-Type and declaration, in this order, unknown ones left out. */
  readonly hints: readonly Format[];
  /** The first hint that is binary and, with a list, in it. */
  binaryHint(among: readonly string[] | null): string | null;
  /** Sentences on what was declared, with a word where they contradict `format`. */
  describe(format: string | null): string[];
}

const VAGUE =
  /^(application\/(octet-stream|x-octet-stream|binary|unknown|force-download|download|x-download|save|x-msdownload)|binary\/octet-stream|text\/plain|\*\/\*|unknown\/unknown|content\/unknown)$/;

const ZIPPED: ReadonlySet<string> = new Set([
  'GTFS',
  'SHP',
  'FGDB',
  'KMZ',
  'XLSX',
  'ODS',
  'DOCX',
  'ODT',
  'ODP',
  'PPTX',
  'EPUB',
]);

/** Reads name, URL, Content-Type and declared format; none of them is believed here. */
export function declaredHints(input: SniffInput): DeclaredHints {
  const mediaType = typeOf(input.contentType);
  const vagueType = mediaType === null || VAGUE.test(mediaType);
  const segment = decodePercent(lastSegment(input.url), 'utf-8');
  const extension = extensionOf(input.name) ?? extensionOf(segment);
  const declared = input.declaredFormat?.trim() || null;
  const byName = extension === null ? null : formatByName(extension.split('.').at(-1) ?? '');
  const byType = mediaType === null || vagueType ? null : formatByMediaType(mediaType);
  const byDeclaration = declared === null ? null : formatByName(declared);
  const hints = [byName, byType, byDeclaration].filter((format) => format !== null);
  return {
    mediaType,
    vagueType,
    vagueBinary: vagueType && mediaType?.includes('octet-stream') ? mediaType : null,
    htmlType: byType?.kind === 'html',
    extension,
    extensionFormat: doubleExtension(input.name ?? segment) ?? extension?.toUpperCase() ?? null,
    hints,
    binaryHint: (among) =>
      hints.find(({ format, kind }) => kind === 'binary' && (among === null || among.includes(format)))?.format ?? null,
    describe: (format) => [
      ...said('the name says', extension, byName, format),
      ...said('the Content-Type says', mediaType, byType, format),
      ...said('it was declared to be', declared, byDeclaration, format),
    ],
  };
}

function said(by: string, word: string | null, meant: Format | null, format: string | null): string[] {
  if (word === null) return [];
  const against = meant !== null && format !== null && !covers(meant, format);
  return [`${by} ${word.slice(0, 80)}${against ? ', which the bytes do not bear out' : ''}`];
}

/** XML covers KML, JSON covers GeoJSON, TXT all text, ZIP all that is packed as one. */
function covers(meant: Format, format: string): boolean {
  if (meant.format === format || format.startsWith(`${meant.format} / `)) return true;
  if (format === `${meant.format} (HTML)`) return true;
  const kind = formatByName(format)?.kind;
  if (meant.format === 'XML' || meant.format === 'XHTML' || meant.format === 'HTML') return meant.kind === kind;
  if (meant.format === 'JSON') return kind === 'json';
  if (meant.format === 'TXT') return kind === 'text';
  return meant.format === 'ZIP' && (ZIPPED.has(format) || format.endsWith(' / ZIP'));
}

function typeOf(contentType: string | null): string | null {
  // Of a repeated field the last one counts; a parameter may hold a comma.
  return /^\s*([\w.+*-]+\/[\w.+*-]+)\s*(?:;|,|$)/.exec(contentType ?? '')?.[1]?.toLowerCase() ?? null;
}

function extensionOf(name: string | null): string | null {
  const { extension } = splitExtension(name?.trim() ?? '');
  return extension === '' ? null : extension.toLowerCase();
}

function doubleExtension(name: string | null): string | null {
  const parts = /[^.]\.([a-z][a-z0-9]{0,4})\.([a-z][a-z0-9]{0,4})$/i.exec(name?.trim() ?? '');
  return parts ? `${parts[1]} / ${parts[2]}`.toUpperCase() : null;
}
