/** A row of the table of formats below. */
export interface Format {
  /** As portals write it: `CSV`, `GeoJSON`, `SHP`. */
  readonly format: string;
  readonly mediaType: string;
  /** Without a dot; null when the format has none that helps. */
  readonly extension: string | null;
  /** How its bytes are to be read. */
  readonly kind: 'text' | 'xml' | 'json' | 'html' | 'binary';
}

/** name | media type | extension | kind | other media types | other extensions and names by which people declare it */
const TABLE = `
CSV|text/csv|csv|text|application/csv text/x-csv text/comma-separated-values text/x-comma-separated-values|commaseparatedvalues
TSV|text/tab-separated-values|tsv|text|text/tsv|tab
PSV|text/plain|psv|text||
TXT|text/plain|txt|text||text plain plaintext log dat asc
Markdown|text/markdown|md|text||
YAML|application/yaml|yaml|text|text/yaml application/x-yaml|yml
SQL|application/sql|sql|text|text/sql|
ICS|text/calendar|ics|text||ical
RTF|application/rtf|rtf|text|text/rtf|
TTL|text/turtle|ttl|text|application/x-turtle application/turtle|turtle
N-Triples|application/n-triples|nt|text||ntriples
N-Quads|application/n-quads|nq|text||nquads
N3|text/n3|n3|text||
HTML|text/html|html|html||htm shtml website webpage
XHTML|application/xhtml+xml|xhtml|html||
XML|application/xml|xml|xml|text/xml|
KML|application/vnd.google-earth.kml+xml|kml|xml||
GML|application/gml+xml|gml|xml||citygml
GPX|application/gpx+xml|gpx|xml||
RSS|application/rss+xml|rss|xml||rssfeed
Atom|application/atom+xml|atom|xml||atomfeed
RDF|application/rdf+xml|rdf|xml||rdfxml owl dcat dcatap
SVG|image/svg+xml|svg|xml||
IATI|application/xml|xml|xml|application/x-iati+xml|iatixml
SDMX|application/vnd.sdmx.structurespecificdata+xml|xml|xml|application/vnd.sdmx.generic+xml|sdmxml
XBRL|application/xml|xbrl|xml|application/xbrl+xml|
WMS|application/xml|xml|xml|application/vnd.ogc.wms_xml|ogcwms wmssrvc webmapservice
WFS|application/xml|xml|xml||ogcwfs wfssrvc webfeatureservice
WMTS|application/xml|xml|xml||ogcwmts wmtssrvc
WCS|application/xml|xml|xml||ogcwcs wcssrvc
JSON|application/json|json|json|text/json application/x-json|
GeoJSON|application/geo+json|geojson|json|application/vnd.geo+json|
TopoJSON|application/json|topojson|json||
JSON-LD|application/ld+json|jsonld|json||
NDJSON|application/x-ndjson|ndjson|json|application/jsonl application/jsonlines application/x-jsonlines|jsonl jsonlines
GeoJSONSeq|application/geo+json-seq|geojsons|json||geojsonl
PDF|application/pdf|pdf|binary|application/x-pdf|
PNG|image/png|png|binary||
JPEG|image/jpeg|jpg|binary|image/jpg|jpeg
GIF|image/gif|gif|binary||
BMP|image/bmp|bmp|binary||
WebP|image/webp|webp|binary||
TIFF|image/tiff|tif|binary||tiff
GeoTIFF|image/tiff|tif|binary||geotif
JP2|image/jp2|jp2|binary||jpeg2000
ZIP|application/zip|zip|binary|application/x-zip-compressed application/x-zip multipart/x-zip|
GZIP|application/gzip|gz|binary|application/x-gzip|gz gzip
BZIP2|application/x-bzip2|bz2|binary|application/x-bzip application/bzip2|bz2
XZ|application/x-xz|xz|binary||
ZSTD|application/zstd|zst|binary||zst
7Z|application/x-7z-compressed|7z|binary||7zip
RAR|application/vnd.rar|rar|binary|application/x-rar-compressed application/x-rar|
TAR|application/x-tar|tar|binary||
XLS|application/vnd.ms-excel|xls|binary|application/msexcel application/x-msexcel application/xls application/excel application/x-excel|excel msexcel
DOC|application/msword|doc|binary||word msword
PPT|application/vnd.ms-powerpoint|ppt|binary||powerpoint
MDB|application/x-msaccess|mdb|binary|application/msaccess application/vnd.ms-access|access accdb
MSG|application/vnd.ms-outlook|msg|binary||
OLE2|application/x-ole-storage||binary||
XLS (HTML)|application/vnd.ms-excel|xls|html||
XLSX|application/vnd.openxmlformats-officedocument.spreadsheetml.sheet|xlsx|binary||
XLSM|application/vnd.ms-excel.sheet.macroEnabled.12|xlsm|binary||
XLSB|application/vnd.ms-excel.sheet.binary.macroEnabled.12|xlsb|binary||
DOCX|application/vnd.openxmlformats-officedocument.wordprocessingml.document|docx|binary||
PPTX|application/vnd.openxmlformats-officedocument.presentationml.presentation|pptx|binary||
ODS|application/vnd.oasis.opendocument.spreadsheet|ods|binary|application/x-vnd.oasis.opendocument.spreadsheet|
ODT|application/vnd.oasis.opendocument.text|odt|binary||
ODP|application/vnd.oasis.opendocument.presentation|odp|binary||
ODG|application/vnd.oasis.opendocument.graphics|odg|binary||
EPUB|application/epub+zip|epub|binary||
KMZ|application/vnd.google-earth.kmz|kmz|binary||
GTFS|application/zip|zip|binary||
SHP|application/zip|zip|binary|application/x-shapefile application/vnd.shp|shapefile shape esrishapefile esrishape
FGDB|application/zip|gdb.zip|binary||filegeodatabase geodatabase
JAR|application/java-archive|jar|binary||
APK|application/vnd.android.package-archive|apk|binary||
Parquet|application/vnd.apache.parquet|parquet|binary|application/x-parquet|geoparquet
Arrow|application/vnd.apache.arrow.file|arrow|binary||feather
Avro|application/vnd.apache.avro|avro|binary|application/avro|
ORC|application/vnd.apache.orc|orc|binary||
SQLite|application/vnd.sqlite3|sqlite|binary|application/x-sqlite3|sqlite3 db
GPKG|application/geopackage+sqlite3|gpkg|binary||geopackage
HDF5|application/x-hdf5|h5|binary|application/x-hdf application/hdf5|hdf5 hdf
HDF4|application/x-hdf|hdf|binary||
NetCDF|application/netcdf|nc|binary|application/x-netcdf|nc4 cdf netcdf4
GRIB|application/wmo-GRIB2|grib|binary|application/x-grib application/grib|grib2 grb grb2
SHX|application/octet-stream|shx|binary||
DBF|application/vnd.dbf|dbf|binary|application/dbf application/x-dbf application/dbase|dbase
FlatGeobuf|application/octet-stream|fgb|binary||fgb
PBF|application/octet-stream|osm.pbf|binary||osmpbf
LAS|application/vnd.las|las|binary||
LAZ|application/vnd.laszip|laz|binary||
DWG|image/vnd.dwg|dwg|binary||
MP4|video/mp4|mp4|binary||
MP3|audio/mpeg|mp3|binary||
WAV|audio/wav|wav|binary|audio/x-wav|
OGG|application/ogg|ogg|binary||
WARC|application/warc|warc|binary||
SAV|application/x-spss-sav|sav|binary||spss
DTA|application/x-stata-dta|dta|binary||stata
ELF|application/x-executable||binary||
EXE|application/vnd.microsoft.portable-executable|exe|binary|application/x-msdownload application/x-dosexec|
PBM|image/x-portable-anymap|pnm|binary||
`;

const BY_NAME = new Map<string, Format>();
const BY_MEDIA_TYPE = new Map<string, Format>();

for (const line of TABLE.trim().split('\n')) {
  const [format = '', mediaType = '', extension = '', kind = '', types = '', names = ''] = line.split('|');
  const entry: Format = { format, mediaType, extension: extension || null, kind: kindOf(kind) };
  for (const name of [plain(format), extension, ...names.split(' ')]) if (!BY_NAME.has(name)) BY_NAME.set(name, entry);
  for (const type of [mediaType, ...types.split(' ')]) {
    const key = type.toLowerCase();
    if (!BY_MEDIA_TYPE.has(key)) BY_MEDIA_TYPE.set(key, entry);
  }
}
BY_NAME.delete('');
BY_MEDIA_TYPE.delete('');
// Says only that the server does not know.
BY_MEDIA_TYPE.delete('application/octet-stream');

/** By a declared format (`Excel`, `.csv`, `ESRI Shapefile`, `text/csv`) or an extension; null when unknown. */
export function formatByName(name: string): Format | null {
  return BY_MEDIA_TYPE.get(name.trim().toLowerCase()) ?? BY_NAME.get(plain(name)) ?? null;
}

/** By a media type without parameters; also `…+xml`, `…+json` and `…+zip` (RFC 6839). Null when it says nothing. */
export function formatByMediaType(mediaType: string): Format | null {
  const type = mediaType.toLowerCase();
  const exact = BY_MEDIA_TYPE.get(type);
  if (exact) return exact;
  const suffix = /\+(xml|json|zip|gzip)$/.exec(type)?.[1];
  return suffix ? (BY_NAME.get(suffix) ?? null) : null;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function kindOf(kind: string): Format['kind'] {
  return kind === 'text' || kind === 'xml' || kind === 'json' || kind === 'html' ? kind : 'binary';
}
