import { splitExtension } from '../sniff/extensions.ts';
import { type Format, formatByMediaType, formatByName } from '../sniff/formats.ts';

/** What a reference seems to lead to. */
export interface LinkFormat {
  /** As portals write it, e.g. `CSV`; for files that are no data the extension in capitals. */
  readonly format: string;
  readonly kind: 'data' | 'archive' | 'document' | 'service' | 'page' | 'other';
  /** `its name ends in .csv` */
  readonly because: string;
  /** How sure the sign is. */
  readonly from: 'extension' | 'query' | 'path' | 'type' | 'text';
}

const DOCUMENTS = /^(PDF|DOC|DOCX|ODT|RTF|PPT|PPTX|ODP|EPUB|MSG|TXT|Markdown|ICS|ODG)$/;
const ARCHIVES = /^(ZIP|GZIP|BZIP2|XZ|ZSTD|7Z|RAR|TAR)$/;
const PAGES = /^(HTML|XHTML|RSS|Atom)$/;
const OTHER = /^(PNG|JPEG|GIF|BMP|WebP|SVG|JAR|APK|EXE|ELF|MP4|MP3|WAV|OGG|PBM|WARC|JP2)$/;
/** Extensions of what is no data and no format of ours; signatures and checksums among them. */
const NO_DATA =
  /^(css|js|mjs|map|ico|woff2?|ttf|eot|dmg|msi|deb|rpm|pkg|iso|sha\d*|md5|sum|sig|asc|torrent|bib|ris|enw|config|vcf|eml|mov|avi|webm|swf)$/i;
const SCRIPTS = /^(php\d?|phtml|aspx?|ashx|asmx|jspx?|jsf|faces|do|action|cgi|pl|cfm|xhtml|html?|shtml|px|dll|exe)$/i;
/** Parameters of a query that name a format or a file. */
const FORMAT_KEY =
  /^(f|fmt|format|formato|outputformat|output|type|filetype|file_type|ext|extension|export|download_format|as|to|mime|content-?type|accept)$/i;
const FILE_KEY =
  /^(file|filename|file_name|name|dl|download|path|document|doc|datei|fichier|archivo|attachment|url|src|fn|f)$/i;

const SERVICE = /[?&]request=getcapabilities\b|\/(feature|map|image)server(\/\d+)?\/?(\?|$)/i;
const SERVICE_NAME = /[?&]service=(wms|wfs|wmts|wcs|csw)\b/i;

/** By a URL alone: extension, query, last parts of the path. null when it shows none. */
export function formatOfUrl(href: string): LinkFormat | null {
  const url = new URL(href);
  if (SERVICE.test(href)) return serviceFormat(href);
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const last = decoded(segments.at(-1) ?? '');
  const { extension } = splitExtension(last);
  const byName = extension === '' || SCRIPTS.test(extension) ? null : byExtension(extension, 'extension');
  return byName ?? byQuery(url) ?? (extension === '' ? byPath(segments) : null) ?? pageOf(extension);
}

/** By a declared media type or format. */
export function formatOfType(declared: string): LinkFormat | null {
  const plain = declared.split(';')[0]?.trim() ?? '';
  const known = plain.includes('/') ? formatByMediaType(plain) : formatByName(plain);
  return known ? linkFormat(known, `it is declared as ${plain.slice(0, 60)}`, 'type') : null;
}

/** By a word of its text, e.g. `CSV`, `Excel`, `Shapefile`. The first one counts. */
export function formatOfText(text: string): LinkFormat | null {
  const word = FORMAT_WORD.exec(text)?.[0];
  const known = word === undefined ? null : formatByName(word);
  return known ? linkFormat(known, `its text says ${word}`, 'text') : null;
}

const FORMAT_WORD =
  /(?<![\p{L}\d])(csv|tsv|xlsx?|xlsm|xlsb|excel|ods|geojson|topojson|json-?ld|json|geopackage|gpkg|shapefile|shp|kmz|kml|gml|gpx|gtfs|parquet|netcdf|grib2?|hdf5?|sqlite|mdb|xml|rdf|turtle|sav|spss|dta|stata|zip|pdf|docx?|txt|geotiff|tiff?|flatgeobuf|dwg|wms|wfs|wmts|wcs)(?![\p{L}\d])/iu;

function byExtension(extension: string, from: LinkFormat['from']): LinkFormat | null {
  const parts = extension.split('.');
  const inner = parts[0] ?? '';
  const because = from === 'query' ? `its query says ${extension}` : `its name ends in .${extension}`;
  if (parts.some((part) => NO_DATA.test(part)))
    return { format: extension.toUpperCase(), kind: 'other', because, from };
  const known = formatByName(inner) ?? formatByName(parts.at(-1) ?? '');
  if (known) return linkFormat(known, because, from);
  return null;
}

function byQuery(url: URL): LinkFormat | null {
  for (const [key, value] of [...url.searchParams].slice(0, 40)) {
    const extension = FILE_KEY.test(key) ? splitExtension(value).extension : '';
    const named = extension !== '' && !SCRIPTS.test(extension) ? byExtension(extension, 'query') : null;
    if (named) return named;
    const known = FORMAT_KEY.test(key) && value.length < 60 ? (formatByMediaType(value) ?? formatByName(value)) : null;
    if (known) return linkFormat(known, `its query says ${key}=${value}`, 'query');
  }
  return null;
}

/** `…/exports/csv`, `…/download/xlsx`. */
function byPath(segments: readonly string[]): LinkFormat | null {
  const last = segments.at(-1) ?? '';
  const known = last.length < 12 && segments.length > 1 ? formatByName(last) : null;
  return known && known.kind !== 'html' ? linkFormat(known, `its path ends in /${last}`, 'path') : null;
}

function pageOf(extension: string): LinkFormat | null {
  if (!/^(x?html?|shtml)$/i.test(extension)) return null;
  return { format: 'HTML', kind: 'page', because: `its name ends in .${extension}`, from: 'extension' };
}

function serviceFormat(href: string): LinkFormat {
  const service = SERVICE_NAME.exec(href)?.[1]?.toUpperCase() ?? (/server/i.test(href) ? 'ArcGIS' : 'OGC');
  return { format: service, kind: 'service', because: `it is the address of a service (${service})`, from: 'query' };
}

function linkFormat({ format }: Format, because: string, from: LinkFormat['from']): LinkFormat {
  return { format, kind: kindOf(format), because, from };
}

function kindOf(format: string): LinkFormat['kind'] {
  if (DOCUMENTS.test(format)) return 'document';
  if (ARCHIVES.test(format)) return 'archive';
  if (PAGES.test(format)) return 'page';
  if (OTHER.test(format)) return 'other';
  return /^(WMS|WFS|WMTS|WCS)$/.test(format) ? 'service' : 'data';
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
