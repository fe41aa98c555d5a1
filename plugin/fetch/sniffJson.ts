import { type JsonScan, scanJson } from './jsonScan.ts';

export interface JsonMatch {
  readonly format: string;
  readonly evidence: string;
  /** The words of an error body: a small object that is nothing else; null for data. */
  readonly error: string | null;
}

const GEOMETRY = /^(Multi)?(Point|LineString|Polygon)$|^GeometryCollection$/;
const ERROR_KEYS =
  /^(error|errors|error_?description|error_?code|message|msg|detail|details|status|status_?code|code|reason|success|title|type|instance|path|timestamp|trace_?id|request_?id|exception|fault|help|__type)$/i;
const ERROR_SIGNS = /^(error|errors|error_?description|error_?code|exception|fault)$/i;

/** The JSON family: one value, whole or cut by the end of the head, or one value a line. */
export function sniffJson(text: string, complete: boolean): JsonMatch | null {
  const start = /^[\s\u001e]{0,1000}/.exec(text)?.[0].length ?? 0;
  const separated = text.slice(0, start).includes('\u001e');
  if (text[start] !== '{' && text[start] !== '[') return null;
  const first = scanJson(text, start);
  // Deep inside it is JSON even when a mistake follows; near the beginning it is something else in brackets.
  if (!first.valid && !(first.keys.size > 0 && first.end - start > 2000)) return null;
  if (!first.ended) {
    if (!complete) return first.valid ? described(first, null) : spoilt(first, 'it has a mistake');
    return first.keys.size > 0 ? spoilt(first, first.valid ? 'it breaks off' : 'it has a mistake') : null;
  }
  const rest = text.slice(first.end).trimStart();
  if (rest === '') return described(first, separated ? 'lines' : null, text.slice(start, first.end));
  if (/^[{[\u001e]/.test(rest) && /[\n\u001e]/.test(text.slice(first.end, text.length - rest.length + 1))) {
    const second = scanJson(text, text.length - rest.length + (rest.startsWith('\u001e') ? 1 : 0));
    return second.valid ? described(first, 'lines') : null;
  }
  return first.keys.size > 0 && first.end > 100 ? spoilt(first, 'something follows it') : null;
}

function spoilt(scan: JsonScan, how: string): JsonMatch | null {
  const match = described(scan, null);
  return match && { ...match, evidence: `${match.evidence}, but ${how}` };
}

function described(scan: JsonScan, mode: 'lines' | null, whole: string | null = null): JsonMatch | null {
  const format = formatOf(scan);
  if (mode === 'lines') {
    const geo = scan.keys.get('type') === 'Feature' || format === 'GeoJSON';
    return { format: geo ? 'GeoJSONSeq' : 'NDJSON', evidence: 'it is one JSON value a line', error: null };
  }
  const error = whole !== null && whole.length < 4096 && scan.container === 'object' ? errorWords(scan, whole) : null;
  return { format, evidence: `it is JSON${format === 'JSON' ? '' : ` with the members of ${format}`}`, error };
}

function formatOf({ keys, memberTypes, container }: JsonScan): string {
  const type = keys.get('type') ?? '';
  if (container === 'object') {
    if (type === 'FeatureCollection' && (keys.has('features') || !keys.has('objects'))) return 'GeoJSON';
    if (type === 'Feature' && (keys.has('geometry') || keys.has('properties'))) return 'GeoJSON';
    if (GEOMETRY.test(type) && (keys.has('coordinates') || keys.has('geometries'))) return 'GeoJSON';
    if (keys.has('features') && memberTypes.has('Feature')) return 'GeoJSON';
    if (type === 'Topology' && (keys.has('objects') || keys.has('arcs') || keys.has('transform'))) return 'TopoJSON';
  }
  const linked =
    keys.has('@context') || keys.has('@graph') || (keys.has('@id') && (container === 'array' || keys.has('@type')));
  return linked ? 'JSON-LD' : 'JSON';
}

/** `{"error": …}` and nothing that could be data beside it, or `{"success": false, …}`. */
function errorWords({ keys }: JsonScan, whole: string): string | null {
  const names = [...keys.keys()];
  const failed =
    /"(success|ok)"\s{0,10}:\s{0,10}false|"status"\s{0,10}:\s{0,10}("(error|fail(ed|ure)?)"|"?[45]\d\d\b)/i.test(whole);
  if (!names.every((name) => ERROR_KEYS.test(name)) || !(failed || names.some((name) => ERROR_SIGNS.test(name))))
    return null;
  return whole.replace(/\s+/g, ' ').slice(0, 200);
}
