import { formatByName } from '../sniff/formats.ts';
import { asJson, capabilitiesUrls } from './serviceUrls.ts';

/** How a service is asked to describe itself. */
export interface ServiceRequest {
  /** `WMS`, `WFS`, `WMTS`, `WCS`, `OGC API` or `ArcGIS`. */
  readonly service: string;
  /** What to ask for, best first; the next one when an answer is a service exception or no capabilities document. */
  readonly urls: readonly URL[];
}

const OGC = ['WMS', 'WFS', 'WMTS', 'WCS'] as const;
type Ogc = (typeof OGC)[number];

/** Requests whose answer is data or already what we would ask for ourselves. */
const LEFT_ALONE =
  /^(getmap|getfeature|getpropertyvalue|gettile|getcoverage|getfeatureinfo|getlegendgraphic|describe.*)$/i;

/**
 * How a link that is a service is to be asked so that it describes itself; null for a link that is plain data, also for a
 * GetMap, GetFeature, GetTile or GetCoverage request. Recognised by query, else path, else declared format (`WMS`,
 * `OGC WFS`, `wms_srvc`, `Esri REST`, …).
 */
export function serviceRequest(url: URL, declaredFormat: string | null): ServiceRequest | null {
  const request = parameter(url, 'request');
  if (request !== null && LEFT_ALONE.test(request)) return null;
  const declared = declaredService(declaredFormat ?? '');
  const arcgis = arcgisEndpoint(url);
  if (arcgis) return { service: 'ArcGIS', urls: [asJson(url)] };
  const ogc = ogcService(url, declared);
  if (ogc) return { service: ogc, urls: capabilitiesUrls(url, ogc) };
  if (declared === 'OGC API' || ogcApiByPath(url.pathname, declaredFormat)) return ogcApiRequest(url);
  return declared === 'ArcGIS' && looksBare(url) ? { service: 'ArcGIS', urls: [asJson(url)] } : null;
}

/** By query, path or declaration. A declared WMS whose link names a file is a file (a saved capabilities document). */
function ogcService(url: URL, declared: string | null): Ogc | null {
  const service = parameter(url, 'service');
  // Another service of OGC (CSW, WPS, SOS) answers for itself.
  if (service !== null && service !== '') return ogcName(service);
  const declaredOgc = ogcName(declared);
  const asksCapabilities = /^(get)?capabilities$/i.test(parameter(url, 'request') ?? '');
  const byPath = ogcByPath(url.pathname);
  // GeoServer's /ows serves all four; without a word which one, the map service is the usual one.
  if (asksCapabilities) return byPath ?? declaredOgc ?? 'WMS';
  if (byPath && (declaredOgc === null || !/\/ows\/?$/i.test(url.pathname))) return byPath;
  return declaredOgc && !namesFile(url.pathname) ? declaredOgc : null;
}

/** The last words of the path: /wms, /WMS_1_3/, /geoserver/topp/wfs, /MapServer/WMSServer; /cgi-bin/mapserv is not enough. */
function ogcByPath(path: string): Ogc | null {
  const last = /\/([^/]*)\/*$/.exec(path)?.[1]?.toLowerCase() ?? '';
  if (last === 'ows') return 'WMS';
  const name = /^(wms|wfs|wmts|wcs)(server|service)?([-_]?v?\d[\d._-]*)?(\.(ashx|aspx|php|cgi|exe|fcgi|map))?$/.exec(
    last,
  )?.[1];
  return ogcName(name ?? null);
}

function ogcName(text: string | null): Ogc | null {
  return OGC.find((name) => name === text?.trim().toUpperCase()) ?? null;
}

function declaredService(format: string): string | null {
  const words = format.toLowerCase().split(/[^a-z]+/);
  const ogc = OGC.find((name) => words.includes(name.toLowerCase()));
  if (ogc) return ogc;
  if (words.includes('ogc') && (words.includes('api') || words.includes('features'))) return 'OGC API';
  if (words.includes('ogcapi') || words.includes('oapif')) return 'OGC API';
  if (words.includes('web') && words.includes('map') && words.includes('service')) return 'WMS';
  if (words.includes('web') && words.includes('feature') && words.includes('service')) return 'WFS';
  const arcgis = words.includes('arcgis') || words.includes('esri');
  return arcgis && /rest|service|api|server/.test(format.toLowerCase()) ? 'ArcGIS' : null;
}

/**
 * …/rest/services, a folder below it, …/MapServer, FeatureServer, ImageServer and their layers. A query, an export or a
 * file below one is data; WMSServer and relatives are OGC's.
 */
function arcgisEndpoint(url: URL): boolean {
  const below = /\/rest\/services(\/.*)?$/i.exec(url.pathname);
  if (!below) return false;
  const rest = (below[1] ?? '').replace(/\/+$/, '');
  if (/\/(map|feature|image|geocode|gp|geometry|vectortile|scene|stream)server(\/\d+|\/layers)?$/i.test(rest))
    return true;
  return !/server(\/|$)/i.test(rest) && !namesFile(rest);
}

const OGC_API_PATH =
  /\/(ogc[-_]?api|oapif|ogc\/(features|maps|tiles|coverages|records|processes|styles|edr))(\/|$)|\/(collections(\/[^/]+)?|conformance)\/?$/i;
const OGC_API_DATA =
  /\/items(\/[^/]*)?\/?$|\/collections\/[^/]+\/(coverage|map|tiles|position|area|cube|radius|trajectory|corridor|locations)(\/|$)|\/results(\/|$)/i;

/** The paths of OGC API Common. They are also other people's words, so what is declared to be a table is left alone. */
function ogcApiByPath(path: string, declaredFormat: string | null): boolean {
  const declared = declaredFormat === null ? null : formatByName(declaredFormat);
  const free = declared === null || declared.kind === 'json' || declared.kind === 'html';
  return free && OGC_API_PATH.test(path);
}

/** The landing page and what lies under it is asked for as JSON, down to where the data is. */
function ogcApiRequest(url: URL): ServiceRequest | null {
  if (OGC_API_DATA.test(url.pathname) || namesFile(url.pathname)) return null;
  return { service: 'OGC API', urls: parameter(url, 'f') === null ? [asJson(url), url] : [url] };
}

function looksBare(url: URL): boolean {
  return !/\/(query|export|exportimage)\/?$/i.test(url.pathname) && !namesFile(url.pathname);
}

function namesFile(path: string): boolean {
  return /\.(xml|json|geojson|csv|zip|kml|kmz|gml|pdf|html?|xlsx?|txt|gpkg|tiff?|png|jpe?g)$/i.test(path);
}

/** A query parameter, its name in any case. */
function parameter(url: URL, name: string): string | null {
  if (url.search === '') return null;
  for (const [key, value] of url.searchParams) if (key.toLowerCase() === name) return value;
  return null;
}
