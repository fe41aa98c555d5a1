/** Newest first; an old server answers the first it knows, or an exception, and then the next is asked. */
const VERSIONS = {
  WMS: ['1.3.0', '1.1.1'],
  WFS: ['2.0.0', '1.1.0', '1.0.0'],
  WMTS: ['1.0.0'],
  WCS: ['2.0.1', '1.0.0'],
} as const;

/** What belongs to the operation and would contradict ours; all else (`map=`, a key, `language=`) stays. */
const OPERATION: ReadonlySet<string> = new Set([
  'service',
  'request',
  'version',
  'acceptversions',
  'wmtver',
  'layers',
  'styles',
  'srs',
  'crs',
  'bbox',
  'width',
  'height',
  'typename',
  'typenames',
  'outputformat',
  'maxfeatures',
  'count',
  'format',
  'f',
  'sections',
  'updatesequence',
]);

/**
 * GetCapabilities requests of a service: the link itself where it is one, else with its own version first when it names
 * one. What else is in the query stays as it is written, characters and order included.
 */
export function capabilitiesUrls(url: URL, service: keyof typeof VERSIONS): URL[] {
  const asked = value(url, 'version');
  const others = VERSIONS[service].filter((it) => it !== asked);
  const kept = rawParameters(url).filter((pair) => !OPERATION.has(nameOf(pair)));
  const request = (version: string): URL =>
    withQuery(url, [...kept, `service=${service}`, 'request=GetCapabilities', `version=${version}`]);
  const known = others.length < VERSIONS[service].length && asked !== null ? [request(asked)] : [];
  return [...(isRequest(url, service) ? [withQuery(url, null)] : known), ...others.map(request)];
}

/** The same address, asked for as JSON (`f=json`), whatever format it asked for before. */
export function asJson(url: URL): URL {
  if (/^p?json$/i.test(value(url, 'f') ?? '')) return withQuery(url, null);
  return withQuery(url, [...rawParameters(url).filter((pair) => nameOf(pair) !== 'f'), 'f=json']);
}

/** A GetCapabilities request that lacks nothing is left as it is: a server may be particular about characters and order. */
function isRequest(url: URL, service: string): boolean {
  const [asked, request] = [value(url, 'service'), value(url, 'request')];
  return asked?.toUpperCase() === service && request?.toLowerCase() === 'getcapabilities';
}

function value(url: URL, name: string): string | null {
  const pair = rawParameters(url).find((it) => nameOf(it) === name);
  return pair === undefined ? null : pair.slice(pair.indexOf('=') + 1);
}

function rawParameters(url: URL): string[] {
  return url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '');
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return (equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
}

/** null: the query stays as it is. */
function withQuery(url: URL, parameters: readonly string[] | null): URL {
  const changed = new URL(url);
  if (parameters) changed.search = parameters.join('&');
  changed.hash = '';
  return changed;
}
