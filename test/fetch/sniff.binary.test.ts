import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import type { Sniffed, SniffInput } from '../../plugin/fetch/sniff/Finding.ts';
import { sniff } from '../../plugin/fetch/sniff/sniff.ts';
import { bytesAt, dbfFile, longOleFile, oleFile, shpFile, tiffFile } from '../support/binaryFiles.ts';
import { zipFile } from '../support/zipFile.ts';

function sniffed(head: Uint8Array, more: Partial<SniffInput> = {}): Sniffed {
  const input = { complete: true, contentType: null, declaredFormat: null, name: null, url: 'http://a.example/x' };
  return sniff({ ...input, head, ...more });
}

const pick = ({ format, sampleRange }: Sniffed) => [format, sampleRange];

const zipOf = (...names: string[]): Buffer => zipFile(names.map((name) => ({ name, content: 'x' })));

describe('the first bytes', () => {
  const rows: readonly (readonly [string, string, Buffer])[] = [
    ['PDF', 'application/pdf', bytesAt(0, '%PDF-1.7')],
    ['PDF', 'application/pdf', bytesAt(0, '\xef\xbb\xbf\r\n%PDF-1.4')],
    ['PNG', 'image/png', bytesAt(0, '\x89PNG\r\n\x1a\n')],
    ['JPEG', 'image/jpeg', bytesAt(0, '\xff\xd8\xff\xe0')],
    ['GIF', 'image/gif', bytesAt(0, 'GIF89a')],
    ['TIFF', 'image/tiff', tiffFile([256, 257])],
    ['GeoTIFF', 'image/tiff', tiffFile([256, 33_550, 34_735])],
    ['GZIP', 'application/gzip', gzipSync('a,b\n1,2\n')],
    ['BZIP2', 'application/x-bzip2', bytesAt(0, 'BZh91AY&SY')],
    ['XZ', 'application/x-xz', bytesAt(0, '\xfd7zXZ\0')],
    ['ZSTD', 'application/zstd', bytesAt(0, '\x28\xb5\x2f\xfd')],
    ['7Z', 'application/x-7z-compressed', bytesAt(0, '7z\xbc\xaf\x27\x1c')],
    ['RAR', 'application/vnd.rar', bytesAt(0, 'Rar!\x1a\x07\x01\0')],
    ['TAR', 'application/x-tar', bytesAt(257, 'ustar\x0000', 512)],
    ['Parquet', 'application/vnd.apache.parquet', bytesAt(0, 'PAR1\x15\x04')],
    ['Arrow', 'application/vnd.apache.arrow.file', bytesAt(0, 'ARROW1\0\0')],
    ['Avro', 'application/vnd.apache.avro', bytesAt(0, 'Obj\x01\x04')],
    ['ORC', 'application/vnd.apache.orc', bytesAt(0, 'ORC\x0a')],
    ['SQLite', 'application/vnd.sqlite3', bytesAt(0, 'SQLite format 3\0', 100)],
    ['HDF5', 'application/x-hdf5', bytesAt(0, '\x89HDF\r\n\x1a\n')],
    ['HDF5', 'application/x-hdf5', bytesAt(2048, '\x89HDF\r\n\x1a\n')],
    ['NetCDF', 'application/netcdf', bytesAt(0, '\x89HDF\r\n\x1a\n\0\0_NCProperties\0')],
    ['NetCDF', 'application/netcdf', bytesAt(0, 'CDF\x01')],
    ['GRIB', 'application/wmo-GRIB2', bytesAt(0, 'GRIB\0\0\0\x02')],
    ['SHP', 'application/vnd.shp', shpFile()],
    ['DBF', 'application/vnd.dbf', dbfFile()],
    ['MP4', 'video/mp4', bytesAt(0, '\0\0\0\x18ftypisom')],
    ['WARC', 'application/warc', bytesAt(0, 'WARC/1.0\r\n')],
    ['MDB', 'application/x-msaccess', bytesAt(0, '\0\x01\0\0Standard Jet DB\0')],
    ['PBF', 'application/octet-stream', bytesAt(0, '\0\0\0\x0d\n\tOSMHeader\x18')],
    ['ELF', 'application/x-executable', bytesAt(0, '\x7fELF\x02')],
    ['XLS', 'application/vnd.ms-excel', oleFile('Workbook')],
    ['XLS', 'application/vnd.ms-excel', oleFile('Book')],
    ['XLS', 'application/vnd.ms-excel', bytesAt(0, '\x09\x02\x06\0\0\0\x10\0')],
    ['DOC', 'application/msword', oleFile('WordDocument')],
    ['PPT', 'application/vnd.ms-powerpoint', oleFile('PowerPoint Document')],
    ['OLE2', 'application/x-ole-storage', oleFile('Something')],
  ];
  for (const [format, mediaType, head] of rows) {
    it(`show ${format} whatever the others say`, () => {
      const { data, notData, charset, ...found } = sniffed(head, { contentType: 'text/csv', declaredFormat: 'CSV' });
      assert.deepEqual(
        { data, notData, charset, format: found.format, mediaType: found.mediaType },
        {
          data: true,
          notData: null,
          charset: null,
          format,
          mediaType,
        },
      );
    });
  }

  it('show a GeoPackage by the application id of its database', () => {
    const file = bytesAt(0, 'SQLite format 3\0', 100);
    file.write('GPKG', 68);
    assert.equal(sniffed(file).format, 'GPKG');
  });

  it('leave it to the name which OLE2 file it is when the directory is out of sight', () => {
    const far = oleFile('Unseen');
    far.writeUInt32LE(5_000_000, 48);
    assert.equal(sniffed(far, { complete: false, url: 'http://a.example/data.xls' }).format, 'XLS');
    assert.equal(sniffed(far, { complete: false, declaredFormat: 'Word' }).format, 'DOC');
  });

  it('of a text are no sign of ORC', () =>
    assert.equal(sniffed(Buffer.from('ORCHARD,TREES\n1,2\n3,4\n')).format, 'CSV'));
  it('keep both endings of a packed file', () =>
    assert.equal(sniffed(gzipSync('a'), { url: 'http://a.example/data.csv.gz?x=1' }).extension, 'csv.gz'));
});

it('HDF5 is NetCDF 4 where somebody says so', () => {
  const head = bytesAt(0, '\x89HDF\r\n\x1a\n');
  assert.equal(sniffed(head, { url: 'http://a.example/wind.nc' }).format, 'NetCDF');
  assert.equal(sniffed(head, { contentType: 'application/x-netcdf' }).format, 'NetCDF');
});

it('an OLE2 file whose directory is out of sight points to it, and is known by it', () => {
  const whole = longOleFile(100_000, 'WordDocument', 'Workbook');
  const head = whole.subarray(0, 65_536);
  assert.deepEqual(pick(sniffed(head, { complete: false })), ['OLE2', 100_864]);
  assert.deepEqual(pick(sniffed(head, { complete: false, secondSample: whole.subarray(100_864) })), ['DOC', null]);
  assert.deepEqual(pick(sniffed(head, { complete: false, declaredFormat: 'PPT' })), ['PPT', 100_864]);
});

describe('a ZIP', () => {
  const opendocument = (kind: string): Buffer =>
    zipFile([
      { name: 'mimetype', content: `application/vnd.oasis.opendocument.${kind}` },
      { name: 'content.xml', content: '<a/>' },
    ]);
  const rows: readonly (readonly [string, string, Buffer])[] = [
    ['XLSX', 'xlsx', zipOf('[Content_Types].xml', '_rels/.rels', 'xl/workbook.xml')],
    ['XLSM', 'xlsm', zipOf('[Content_Types].xml', 'xl/workbook.xml', 'xl/vbaProject.bin')],
    ['XLSB', 'xlsb', zipOf('[Content_Types].xml', 'xl/workbook.bin')],
    ['DOCX', 'docx', zipOf('[Content_Types].xml', 'word/document.xml')],
    ['PPTX', 'pptx', zipOf('[Content_Types].xml', 'ppt/presentation.xml')],
    ['ODS', 'ods', opendocument('spreadsheet')],
    ['ODT', 'odt', opendocument('text')],
    ['ODP', 'odp', opendocument('presentation')],
    ['EPUB', 'epub', zipFile([{ name: 'mimetype', content: 'application/epub+zip' }])],
    ['KMZ', 'kmz', zipOf('doc.kml', 'files/a.png')],
    ['GTFS', 'zip', zipOf('agency.txt', 'stops.txt', 'routes.txt', 'trips.txt')],
    ['SHP', 'zip', zipOf('roads/roads.shp', 'roads/roads.shx', 'roads/roads.dbf')],
    ['FGDB', 'gdb.zip', zipOf('x.gdb/a00000001.gdbtable')],
    ['JAR', 'jar', zipOf('META-INF/MANIFEST.MF', 'a.class')],
    ['CSV / ZIP', 'csv.zip', zipOf('data.csv')],
    ['CSV / ZIP', 'csv.zip', zipOf('folder/', 'folder/data.CSV', '__MACOSX/folder/._data.CSV', 'folder/.DS_Store')],
    ['TXT / ZIP', 'txt.zip', zipOf('data.txt')],
    ['XML / ZIP', 'xml.zip', zipOf('data.xml')],
    ['XLS / ZIP', 'xls.zip', zipOf('data.xls')],
    ['CSV / ZIP', 'zip', zipOf('a.csv', 'b.csv')],
    ['CSV / ZIP', 'zip', zipOf('README', 'a.csv', 'licence.txt', 'notes/method.pdf')],
    ['XLS / ZIP', 'zip', zipOf('a.xls', 'b.xls', 'c.xlsx')],
    ['TXT / ZIP', 'zip', zipOf('a.txt', 'b.txt', 'c.pdf')],
    ['ZIP', 'zip', zipOf('a.csv', 'b.xls')],
    ['ZIP', 'zip', zipOf('a.pdf', 'b.docx')],
    ['ZIP', 'zip', zipOf('README')],
    ['ZIP', 'zip', zipOf()],
  ];
  for (const [format, extension, head] of rows) {
    it(`is ${format} by what is in it`, () => {
      const found = sniffed(head, { contentType: 'application/octet-stream' });
      assert.deepEqual([found.format, found.extension, found.data], [format, extension, true]);
    });
  }

  it('whose end is out of sight is known by its first entries', () => {
    const head = zipOf('[Content_Types].xml', 'xl/workbook.xml', 'docProps/app.xml').subarray(0, 150);
    assert.equal(sniffed(head, { complete: false }).format, 'XLSX');
  });

  it('whose end is out of sight is believed to be data.csv.zip where it is called so', () => {
    const head = zipFile([{ name: 'data.csv', content: 'a'.repeat(500) }]).subarray(0, 200);
    assert.equal(sniffed(head, { complete: false, url: 'http://a.example/data.csv.zip' }).format, 'CSV / ZIP');
    assert.equal(sniffed(head, { complete: false, url: 'http://a.example/data.zip' }).format, 'ZIP');
  });

  it('whose end is out of sight points to it, and is known by it', () => {
    const content = Buffer.alloc(100_000);
    const whole = zipFile(['a.dbf', 'a.prj', 'a.shp'].map((name) => ({ name, content })));
    const head = whole.subarray(0, 65_536);
    assert.deepEqual(pick(sniffed(head, { complete: false })), ['ZIP', 'end']);
    assert.deepEqual(pick(sniffed(head, { complete: false, secondSample: whole.subarray(-65_536) })), ['SHP', null]);
    assert.deepEqual(pick(sniffed(head, { complete: false, secondSample: whole.subarray(-120) })), ['SHP', null]);
    assert.deepEqual(pick(sniffed(head, { complete: false, secondSample: Buffer.alloc(100) })), ['ZIP', 'end']);
  });

  it('is OpenDocument also where its media type is packed, or not the first entry', () => {
    const type = 'application/vnd.oasis.opendocument.spreadsheet';
    const packed = zipFile([{ name: 'mimetype', content: deflateRawSync(type) }]);
    packed[8] = 8;
    const second = zipFile([
      { name: 'content.xml', content: '<a/>' },
      { name: 'mimetype', content: type },
    ]);
    assert.deepEqual([sniffed(packed).format, sniffed(second).format], ['ODS', 'ODS']);
    const broken = zipFile([{ name: 'mimetype', content: 'no deflate' }]);
    broken[8] = 8;
    assert.equal(sniffed(broken).format, 'ZIP');
  });

  it('of several formats is what it is called', () => {
    const found = sniffed(zipOf('a.xls', 'b.csv', 'c.mif'), { url: 'http://a.example/data.csv.zip' });
    assert.deepEqual([found.format, found.extension], ['CSV / ZIP', 'csv.zip']);
  });

  it('survives any cut and any wrong byte', () => {
    const whole = zipOf('stops.txt', 'routes.txt');
    for (let i = 0; i < whole.length; i += 1) {
      assert.equal(typeof sniffed(whole.subarray(0, i)).mediaType, 'string');
      const wrong = Buffer.from(whole);
      wrong[i] = 0xff;
      assert.equal(typeof sniffed(wrong).mediaType, 'string');
    }
  });
});

describe('bytes that show nothing', () => {
  const unknown = Buffer.from([1, 2, 3, 0, 4, 5, 255, 0]);
  it('keep the media type of the server', () => {
    const { mediaType, format, extension, data } = sniffed(unknown, { contentType: 'application/foo; a=b' });
    assert.deepEqual([mediaType, format, extension, data], ['application/foo', null, null, true]);
  });
  it('are an octet stream without one', () => assert.equal(sniffed(unknown).mediaType, 'application/octet-stream'));
  it('are no web page or table because the server says so', () => {
    for (const contentType of ['text/html', 'text/csv', 'application/json']) {
      assert.deepEqual(
        [sniffed(unknown, { contentType }).mediaType, sniffed(unknown, { contentType }).data],
        ['application/octet-stream', true],
      );
    }
  });
  it('take their format from an extension, a double one in both parts', () => {
    assert.equal(sniffed(unknown, { url: 'http://a.example/file.foo?x=1.csv' }).format, 'FOO');
    assert.equal(sniffed(unknown, { url: 'http://a.example/file.f1.f2' }).format, 'F1 / F2');
  });
  it('take their format from the declaration when it is a binary one', () =>
    assert.equal(sniffed(unknown, { declaredFormat: 'Stata' }).format, 'DTA'));
});
