import type { Copy } from '../model/copy.ts';

/** What no browser runs, renders as a page or takes for a style, whatever asks for it. Lower case. */
const INERT: ReadonlySet<string> = new Set(
  `
  text/csv text/tab-separated-values text/plain text/markdown text/calendar text/turtle text/n3
  application/json application/geo+json application/geo+json-seq application/ld+json application/x-ndjson
  application/yaml application/sql application/rtf application/n-triples application/n-quads
  application/zip application/gzip application/x-bzip2 application/x-xz application/zstd application/x-7z-compressed
  application/vnd.rar application/x-tar
  application/vnd.ms-excel application/msword application/vnd.ms-powerpoint application/x-msaccess
  application/vnd.openxmlformats-officedocument.spreadsheetml.sheet
  application/vnd.openxmlformats-officedocument.wordprocessingml.document
  application/vnd.openxmlformats-officedocument.presentationml.presentation
  application/vnd.oasis.opendocument.spreadsheet application/vnd.oasis.opendocument.text
  application/vnd.oasis.opendocument.presentation application/vnd.oasis.opendocument.graphics
  application/epub+zip application/vnd.google-earth.kmz
  application/vnd.apache.parquet application/vnd.apache.arrow.file application/vnd.apache.avro application/vnd.apache.orc
  application/vnd.sqlite3 application/geopackage+sqlite3 application/x-hdf5 application/x-hdf application/netcdf
  application/wmo-grib2 application/vnd.dbf application/vnd.las application/vnd.laszip application/warc
  application/x-spss-sav application/x-stata-dta
  image/png image/jpeg image/gif image/bmp image/webp image/tiff image/jp2
  `
    .trim()
    .split(/\s+/),
);

/**
 * The Content-Type of a copy: its own where it is on the list, else that of mere bytes. A list of what is harmless, for
 * nobody knows all that a browser runs: `text/jscript` and `text/x-ecmascript` are scripts too.
 */
export function servedType({ mediaType, charset }: Pick<Copy, 'mediaType' | 'charset'>): string {
  const type = mediaType?.toLowerCase() ?? '';
  if (!INERT.has(type)) return 'application/octet-stream';
  const isNamed = type.startsWith('text/') && charset !== null && /^[\w-]+$/.test(charset);
  return isNamed ? `${mediaType}; charset=${charset}` : `${mediaType}`;
}
