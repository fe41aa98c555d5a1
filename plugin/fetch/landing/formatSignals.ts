import type { LinkFormat } from './linkFormat.ts';
import type { LinkSource } from './Page.ts';
import { type Judge, type Signal, signal } from './signal.ts';
import { DOWNLOAD, folded } from './words.ts';

const SOURCES: Readonly<Record<LinkSource, Signal | null>> = {
  link: null,
  alternate: signal(0.6, 'the head of the page names it as another form'),
  'download-property': signal(3, 'the page describes it as the file of a dataset (contentUrl or downloadURL)'),
  'access-property': signal(0.8, 'the page describes it as the access to a dataset (accessURL)'),
  refresh: signal(1.5, 'the page sends browsers there'),
  frame: signal(0, 'it is a frame of the page'),
  object: signal(0.8, 'the page embeds it'),
  button: signal(0.3, 'a button leads there'),
  field: signal(-0.5, 'it stands in a field of a form'),
  rule: null,
};

/** How the page refers to it. */
export const source: Judge = ({ links, rule }) => {
  const best = links
    .flatMap((link) => SOURCES[link.source] ?? [])
    .sort((one, other) => other.weight - one.weight)
    .slice(0, 1);
  return rule === null ? best : [...best, signal(rule.includes('this page') ? 4 : 1.5, rule)];
};

const FORMAT_WEIGHTS: Readonly<Record<LinkFormat['kind'], number>> = {
  data: 2.2,
  archive: 1.7,
  service: 1.2,
  document: -0.6,
  page: -2,
  other: -4,
};
const SURENESS: Readonly<Record<LinkFormat['from'], number>> = {
  extension: 1,
  type: 0.9,
  query: 0.8,
  path: 0.7,
  text: 0.6,
};

/** What it seems to be, and whether that was declared. */
export const format: Judge = ({ format, rule }, { declaredFormat }) => {
  if (!format) return rule === null ? [signal(-0.8, 'nothing shows its format')] : [];
  const agreement = declaredFormat === null ? null : agrees(format, declaredFormat);
  const wanted = agreement !== null && agreement.weight > 1;
  const base = wanted && FORMAT_WEIGHTS[format.kind] < 0 ? 1.2 : FORMAT_WEIGHTS[format.kind];
  const weight = base > 0 ? base * SURENESS[format.from] : base;
  return [signal(weight, format.because), ...(agreement ? [agreement] : [])];
};

const FAMILIES: readonly ReadonlySet<string>[] = [
  new Set(['XLS', 'XLSX', 'XLSM', 'XLSB', 'ODS']),
  new Set(['CSV', 'TSV', 'PSV', 'TXT']),
  new Set(['JSON', 'GeoJSON', 'TopoJSON', 'JSON-LD', 'NDJSON', 'GeoJSONSeq']),
  new Set(['XML', 'GML', 'KML', 'RDF', 'SDMX', 'IATI', 'GPX']),
  new Set(['DOC', 'DOCX', 'ODT', 'RTF', 'PDF']),
  new Set(['WMS', 'WFS', 'WMTS', 'WCS', 'OGC', 'ArcGIS']),
];
/** Formats that come packed as a rule. */
const PACKED = /^(SHP|GTFS|FGDB|ZIP|SHAPE)$/;

function agrees({ format, kind }: LinkFormat, declared: string): Signal {
  if (format === declared) return signal(1.8, `${format} is the declared format`);
  if (kind === 'archive')
    return PACKED.test(declared)
      ? signal(1.3, `${declared} comes packed as a rule`)
      : signal(0.2, `an archive may hold ${declared}`);
  if (declared === 'ZIP' && kind === 'data') return signal(0, `${format} is not ZIP, the declared format`);
  if (FAMILIES.some((family) => family.has(format) && family.has(declared)))
    return signal(0.7, `${format} is a kin of ${declared}, the declared format`);
  if (kind === 'service' && /REST|API|ARCGIS|GEOSERVICES|OGC/i.test(declared))
    return signal(1.5, `${declared} is declared, which is a service`);
  return signal(kind === 'data' ? -0.5 : -1.2, `${format} is not ${declared}, the declared format`);
}

/** What says that it is to be taken away. */
export const download: Judge = ({ url, links }) => {
  const found: Signal[] = [];
  const says = links.some(
    ({ text, classes }) =>
      DOWNLOAD.test(folded(text)) || /\b(download|resource-url-analytics|data-link)\b/i.test(classes),
  );
  if (links.some(({ download: attribute }) => attribute !== null))
    found.push(signal(1.5, 'it is marked for downloading'));
  if (says) found.push(signal(1, 'it says that it is a download'));
  else if (links.some(({ near }) => DOWNLOAD.test(folded(near))))
    found.push(signal(0.5, 'the words next to it say that it is a download'));
  if (
    /[/_.-](download|downloads|ndownloader|bitstreams?|datafile|attachments?|exports?|wp-content\/uploads|sites\/default\/files|fichier|tiedostot)\b|[?&](download|dl|att_download|accessType)=/i.test(
      url,
    )
  )
    found.push(signal(0.6, 'its address is one of downloads'));
  if (links.some(({ text, near }) => SIZE.test(text) || SIZE.test(near)))
    found.push(signal(0.4, 'a file size stands next to it'));
  return found;
};

const SIZE = /\d\s?(bytes|[kmgt]i?[bo]|ko|mo|go)\b/i;
