import type { DeclaredHints } from './declaredHints.ts';
import type { Finding } from './Finding.ts';
import { type Format, formatByMediaType, formatByName } from './formats.ts';
import type { HeadText } from './headText.ts';
import { pointerFile } from './pointerFile.ts';

/** A message in the place of a file is not longer than this. */
const SHORT_LENGTH = 4096;

/** A whole text that only points to the file that was wanted. */
export function pointerFinding(text: string): Finding | null {
  const pointer = pointerFile(text);
  if (!pointer) return null;
  const { tool, format, target, bytes } = pointer;
  const size = bytes === null ? '' : ` (${bytes} bytes)`;
  return {
    format,
    evidence: [`it is a pointer of ${tool}`],
    charset: null,
    notData: `It is a pointer of ${tool} to ${target}${size}, not the file itself.`,
  };
}

/**
 * Short text where name, type or declaration promise a packed, binary, XML or JSON format and none of them supports what
 * came: a message, in whatever language, and not data. Tables, lists of records and formats with a grammar of their own
 * speak for themselves.
 */
export function standInFinding(finding: Finding, head: HeadText, declared: DeclaredHints): Finding {
  const { hints } = declared;
  const promised = hints.find(({ kind }) => kind === 'binary' || kind === 'xml' || kind === 'json');
  if (!promised || isOtherType(declared)) return finding;
  if (finding.notData !== null || head.text.length > SHORT_LENGTH) return finding;
  const what = standIn(finding, head, [...hints, ...packedHints(declared)]);
  if (what === null) return finding;
  const words = head.text.replace(/\s+/g, ' ').trim().slice(0, 120);
  return { ...finding, notData: `It is ${what}, not ${promised.format}: “${words}”` };
}

/** What `data.txt.gz` was before it was packed: servers unpack on the way what they declare to be coded. */
function packedHints({ extension }: DeclaredHints): readonly Format[] {
  const [inner, ...packing] = extension?.split('.') ?? [];
  const format = inner === undefined || packing.length === 0 ? null : formatByName(inner);
  return format === null ? [] : [format];
}

/** JSON with a mistake, or with a script's words around it. */
function looksLikeJson(text: string): boolean {
  const start = /^\s*(?:(?:var|let|const)\s+)?(?:[\w.$]{1,60}\s*[(=]\s*)?[{[]/;
  return start.test(text) && /[}\]]\s*\)?\s*;?$/.test(text.trimEnd());
}

/** A media type that we do not know may well be that of the text. */
function isOtherType({ mediaType, vagueType }: DeclaredHints): boolean {
  return mediaType !== null && !vagueType && formatByMediaType(mediaType) === null;
}

function standIn({ format }: Finding, head: HeadText, hints: readonly Format[]): string | null {
  const isPromised = (kind: Format['kind']) => hints.some((hint) => hint.kind === kind);
  if (isPromised('text')) return null;
  if (format === 'TXT') return isPromised('json') && looksLikeJson(head.text) ? null : 'a short text';
  if (format === 'JSON' && !isPromised('json') && head.json && !holdsRecords(head.json.value)) return 'a JSON object';
  if (format === 'XML' && !isPromised('xml') && !repeatsElements(head.text)) return 'a short XML document';
  return null;
}

/** A list with something in it, at any depth that a short text has. */
function holdsRecords(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsRecords);
}

/** Records make an element occur again; a message has each of its own once. */
function repeatsElements(text: string): boolean {
  const names = [...text.matchAll(/<([\p{L}_][^\s<>/]{0,100})/gu)].map(([, name = '']) => name);
  return new Set(names).size < names.length;
}
