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
 * GetCapabilities requests of a service, the link's own version first when it names one. What else is in the query stays
 * as it is written, signs and order included.
 */
export function capabilitiesUrls(url: URL, service: keyof typeof VERSIONS): URL[] {
  const asked = version(url);
  const known: readonly string[] = VERSIONS[service];
  const versions = asked !== null && known.includes(asked) ? [asked, ...known.filter((it) => it !== asked)] : known;
  const kept = rawParameters(url).filter((pair) => !OPERATION.has(nameOf(pair)));
  return versions.map((it) =>
    withQuery(url, [...kept, `service=${service}`, 'request=GetCapabilities', `version=${it}`]),
  );
}

/** The same address, asked for as JSON (`f=json`), whatever format it asked for before. */
export function asJson(url: URL): URL {
  return withQuery(url, [...rawParameters(url).filter((pair) => nameOf(pair) !== 'f'), 'f=json']);
}

function version(url: URL): string | null {
  const pair = rawParameters(url).find((it) => nameOf(it) === 'version');
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

function withQuery(url: URL, parameters: readonly string[]): URL {
  const changed = new URL(url);
  changed.search = parameters.join('&');
  changed.hash = '';
  return changed;
}
