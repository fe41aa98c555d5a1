import type { HeadText } from './headText.ts';
import { type JsonScan, scanJson, scanOfValue } from './jsonScan.ts';

/** A text of the JSON family, and whether it is an error message. */
export interface JsonMatch {
  readonly format: string;
  readonly evidence: string;
  /** The words of an error body: a small object that is nothing else; null for data. */
  readonly error: string | null;
  /** A member `type` was seen. */
  readonly typed: boolean;
}

const GEOMETRY = /^(Multi)?(Point|LineString|Polygon)$|^GeometryCollection$/;
const ERROR_KEYS =
  /^(error|errors|error_?description|error_?code|message|msg|detail|details|status|status_?code|code|reason|success|title|type|instance|path|timestamp|trace_?id|request_?id|exception|fault|help|__type)$/i;
const FAILED =
  /"(success|ok)"\s{0,10}:\s{0,10}false|"status"\s{0,10}:\s{0,10}"(error|fail(ed|ure)?)"|"(status|status_?code|code)"\s{0,10}:\s{0,10}"?[45]\d\d\b/i;
/** `{"detail": "Not found."}`: no key of an error, but its words. */
const SAID =
  /"(detail|details|message|msg|reason|title)"\s{0,10}:\s{0,10}"[^"]{0,100}\b(not found|no such|not exist|denied|forbidden|unauthori[sz]ed|not authenticated|not provided|invalid|expired|unavailable|internal (server )?error)\b/i;
const ERROR_NAMES = /^(error|errors|error_?description|error_?code|exception|fault)$/i;

/** RFC 7464 and RFC 8142 put this before each value. */
const RECORD_SEPARATOR = '\u{1e}';

/** As much of a long text as is read to see that it is JSON. */
const ENOUGH = 16_384;

/** The JSON family: one value, whole or cut by the end of the head, or one value a line. */
export function sniffJson(head: HeadText, complete: boolean): JsonMatch | null {
  const { text } = head;
  const lead = text.slice(0, 1000);
  const start = lead.length - lead.replaceAll(RECORD_SEPARATOR, ' ').trimStart().length;
  if (text[start] !== '{' && text[start] !== '[') return null;
  const separated = text.slice(0, start).includes(RECORD_SEPARATOR);
  const value = complete && !separated ? head.json : null;
  const whole = value && scanOfValue(value.value, text.length);
  if (whole) return described(whole, null, text.slice(start));
  const first = scanJson(complete ? text : text.slice(0, ENOUGH), start);
  if (first.ended) return endedFinding(first, text, separated);
  // Deep inside it is JSON even when a mistake follows; near the beginning it is something else in brackets.
  if (!first.valid && !(first.keys.size > 0 && first.end - start > 2000)) return null;
  if (!first.valid) return malformed(first, 'it has a mistake');
  if (!complete) return described(first, null);
  return first.keys.size > 0 ? malformed(first, 'it breaks off') : null;
}

/** One value is there; what follows it tells lines of JSON from something else. */
function endedFinding(first: JsonScan, text: string, separated: boolean): JsonMatch | null {
  const rest = text.slice(first.end).trimStart();
  const whole = text.slice(0, first.end).trim();
  if (rest === '') return described(first, separated ? 'lines' : null, whole);
  const gap = text.slice(first.end, text.length - rest.length);
  if (/^[{[]/.test(rest) && gap.includes('\n')) {
    return scanJson(rest, 0).valid ? described(first, 'lines') : null;
  }
  if (rest.startsWith(RECORD_SEPARATOR)) return described(first, 'lines');
  return first.keys.size > 0 && first.end > 100 ? malformed(first, 'something follows it') : null;
}

function malformed(scan: JsonScan, how: string): JsonMatch | null {
  const match = described(scan, null);
  return match && { ...match, evidence: `${match.evidence}, but ${how}` };
}

function described(scan: JsonScan, mode: 'lines' | null, whole: string | null = null): JsonMatch | null {
  const format = formatOf(scan);
  const typed = scan.keys.has('type');
  if (mode === 'lines') {
    const geo = scan.keys.get('type') === 'Feature' || format === 'GeoJSON';
    return { format: geo ? 'GeoJSONSeq' : 'NDJSON', evidence: 'it is one JSON value a line', error: null, typed };
  }
  const error = whole !== null && whole.length < 4096 && scan.container === 'object' ? errorWords(scan, whole) : null;
  return { format, evidence: `it is JSON${format === 'JSON' ? '' : ` with the members of ${format}`}`, error, typed };
}

function formatOf(scan: JsonScan): string {
  const { keys, container } = scan;
  if (container === 'object' && isGeoJson(scan)) return 'GeoJSON';
  const parts = ['objects', 'arcs', 'transform'];
  if (keys.get('type') === 'Topology' && parts.some((key) => keys.has(key))) return 'TopoJSON';
  const linked = keys.has('@context') || keys.has('@graph');
  return linked || (keys.has('@id') && (container === 'array' || keys.has('@type'))) ? 'JSON-LD' : 'JSON';
}

/** RFC 7946; `type` may stand behind the features, out of sight. */
function isGeoJson({ keys, memberTypes }: JsonScan): boolean {
  const type = keys.get('type') ?? '';
  if (type === 'FeatureCollection') return keys.has('features') || !keys.has('objects');
  if (type === 'Feature') return keys.has('geometry') || keys.has('properties');
  if (GEOMETRY.test(type)) return keys.has('coordinates') || keys.has('geometries');
  return keys.has('features') && memberTypes.has('Feature');
}

/** `{"error": …}` and nothing that could be data beside it, or `{"success": false, …}`. */
function errorWords({ keys }: JsonScan, whole: string): string | null {
  const names = [...keys.keys()];
  if (!names.every(isErrorName)) return null;
  const none = /"errors?"\s{0,10}:\s{0,10}(null|false|0|""|\[\s{0,10}\]|\{\s{0,10}\})/i.test(whole);
  const named = !none && names.some((name) => ERROR_NAMES.test(name));
  return named || FAILED.test(whole) || SAID.test(whole) ? whole.replace(/\s+/g, ' ').slice(0, 200) : null;
}

/** Whether a member has a name that error messages give theirs, such as `detail` or `traceId`. */
export function isErrorName(name: string): boolean {
  return ERROR_KEYS.test(name);
}
