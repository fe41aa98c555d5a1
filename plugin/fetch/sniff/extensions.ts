/** Extensions that pack another file: `.csv.zip` and `.tar.gz` are one extension. */
const PACKING: ReadonlySet<string> = new Set(['zip', 'gz', 'bz2', 'xz', 'zst', '7z', 'br', 'lz4', 'z']);

/** Extensions of programs that make an answer; they say nothing about its bytes. */
const SCRIPT: ReadonlySet<string> = new Set([
  ...`
    php php3 php4 php5 phtml asp aspx ashx asmx axd jsp jspx jsf faces do action cgi pl cfm cfc dll exe svc nsf seam
    xhtml html htm shtml rb py
`
    .trim()
    .split(/\s+/),
]);

/** Extensions that data comes with. Others count when they look like one. */
const KNOWN: ReadonlySet<string> = new Set([
  ...`
    7z accdb arrow asc atom avro bin bmp br bz2 cdf csv dat db dbf djvu doc docx dta dwg dxf ecw epub fgb feather
    gdb geojson geojsonl geojsons gif gml gpkg gpx grb grb2 grib grib2 gtfs gz h5 hdf hdf5 ics ifc jar jp2 jpeg jpg
    json jsonl jsonld kml kmz las laz log lz4 md mdb mid mif mp3 mp4 mpp n3 nc nc4 ndjson nq nt odb odg odp ods odt
    orc osm owl parquet pbf pdf png por ppt pptx prj psv px rar rdata rdf rds rss rtf sas7bdat sav sdmx shp shx sid
    sql sqlite sqlite3 svg tab tar tbz2 tfw tgz tif tiff topojson trig trix tsv ttl txt txz wav warc webp wkt xls
    xlsb xlsm xlsx xml xpt xsd xz yaml yml z zip zst
`
    .trim()
    .split(/\s+/),
  ...SCRIPT,
]);

interface NameParts {
  readonly stem: string;
  /** Without the dot, as written; `''` when the name has none. Two parts for packed files: `csv.zip`. */
  readonly extension: string;
}

/**
 * Where a name's extension begins. `data.csv.zip` → `csv.zip`; `v1.2`, `report 3.final version` and `Dr. Smith` have none.
 */
export function splitExtension(name: string): NameParts {
  const dot = name.lastIndexOf('.');
  const last = name.slice(dot + 1);
  if (dot <= 0 || !isExtension(last)) return { stem: name, extension: '' };
  const stem = name.slice(0, dot);
  const inner = stem.slice(stem.lastIndexOf('.') + 1);
  const packed = PACKING.has(last.toLowerCase()) && inner.length < stem.length - 1 && KNOWN.has(inner.toLowerCase());
  if (!packed) return { stem, extension: last };
  return { stem: stem.slice(0, stem.length - inner.length - 1), extension: `${inner}.${last}` };
}

/** Whether an extension (lower or upper case, no dot) is that of a program on the server, such as `aspx`. */
export function isScriptExtension(extension: string): boolean {
  return SCRIPT.has(extension.toLowerCase());
}

/** A known extension, or letters first and short: `foo`, `sgy2`; not `2`, `final version` or `Verwaltungsgericht`. */
function isExtension(text: string): boolean {
  return KNOWN.has(text.toLowerCase()) || /^[a-z][a-z0-9]{1,5}$/i.test(text);
}
