import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sniffed, SniffInput } from '../../plugin/fetch/sniff/Finding.ts';
import { sniff } from '../../plugin/fetch/sniff/sniff.ts';

function sniffed(head: string | Uint8Array, more: Partial<SniffInput> = {}): Sniffed {
  const input = { complete: true, contentType: null, declaredFormat: null, name: null, url: 'http://a.example/x' };
  return sniff({ ...input, head: Buffer.from(head), ...more });
}

const xml = (root: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n<!-- a > b -->\n${root}`;
const triple = '<http://a.example/s> <http://a.example/p> "a. b; c"@en .\n';

describe('text without a label', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['CSV', 'text/csv', 'name,age\nAnna,3\nBert,4\n'],
    ['CSV', 'text/csv', 'name;price\nAnna;3,50\nBert;4,20\n'],
    ['CSV', 'text/csv', '"a, b","c"\r\n"line\nbreak","say ""x"""\r\n1,2\r\n'],
    ['CSV', 'text/csv', 'Spending over 25,000\n\nDepartment,Date,Amount\nA,1,2\nB,3,4\nC,5,6\nD,7,8\n'],
    ['CSV', 'text/csv', '\ufeffa,b\n1,2\n'],
    ['CSV', 'text/csv', 'id,html\n1,"<html><head></head></html>"\n2,"<b>x</b>"\n'],
    ['CSV', 'text/csv', 'a,b,c\r1,2,3\r4,5,6\r'],
    ['TSV', 'text/tab-separated-values', 'a\tb\n1\t2\n3\t4\n'],
    ['PSV', 'text/plain', 'a|b|c\n1|2|3\n4|5|6\n'],
    ['TXT', 'text/plain', 'Dear reader, this is a letter.\nIt has commas, and sentences.\n'],
    ['TXT', 'text/plain', 'test'],
    ['TXT', 'text/plain', '[section]\nkey=value\n'],
    ['JSON', 'application/json', ' {"a": [1, 2.5e-3, true, null, "\\u00e9"]}'],
    ['JSON', 'application/json', '[]'],
    ['GeoJSON', 'application/geo+json', '{"type":"FeatureCollection","features":[]}'],
    ['GeoJSON', 'application/geo+json', '{"features":[{"type":"Feature","geometry":null}],"type":"FeatureCollection"}'],
    ['GeoJSON', 'application/geo+json', '{"type":"Point","coordinates":[1,2]}'],
    ['JSON', 'application/json', '{"type":"Point","name":"not a geometry"}'],
    ['TopoJSON', 'application/json', '{"type":"Topology","objects":{},"arcs":[]}'],
    ['JSON-LD', 'application/ld+json', '{"@context":"http://schema.org/","@type":"Dataset"}'],
    ['JSON-LD', 'application/ld+json', '[{"@id":"http://a.example/"}]'],
    ['NDJSON', 'application/x-ndjson', '{"a":1}\n{"a":2}\n'],
    ['NDJSON', 'application/x-ndjson', '[1,2]\r\n[3,4]'],
    [
      'GeoJSONSeq',
      'application/geo+json-seq',
      '{"type":"Feature","properties":{}}\n{"type":"Feature","properties":{}}\n',
    ],
    [
      'GeoJSONSeq',
      'application/geo+json-seq',
      '\x1e{"type":"Feature","properties":{}}\n\x1e{"type":"Feature","properties":{}}\n',
    ],
    ['XML', 'application/xml', xml('<jobs><job/></jobs>')],
    ['XML', 'application/xml', '<jobs><job/></jobs>'],
    ['KML', 'application/vnd.google-earth.kml+xml', xml('<kml xmlns="http://www.opengis.net/kml/2.2"/>')],
    ['GML', 'application/gml+xml', xml('<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml"/>')],
    [
      'GML',
      'application/gml+xml',
      xml('<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml"/>'),
    ],
    ['GPX', 'application/gpx+xml', xml('<gpx version="1.1"/>')],
    ['RSS', 'application/rss+xml', xml('<rss version="2.0"><channel/></rss>')],
    ['Atom', 'application/atom+xml', xml('<feed xmlns="http://www.w3.org/2005/Atom"/>')],
    ['Atom', 'application/atom+xml', xml('<a:feed xmlns:a="http://www.w3.org/2005/Atom"/>')],
    ['RDF', 'application/rdf+xml', xml('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>')],
    ['SVG', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['IATI', 'application/xml', xml('<iati-activities version="2.03"/>')],
    [
      'SDMX',
      'application/vnd.sdmx.structurespecificdata+xml',
      xml('<m:StructureSpecificData xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"/>'),
    ],
    ['WMS', 'application/xml', xml('<WMS_Capabilities version="1.3.0"/>')],
    [
      'WMS',
      'application/xml',
      '<!DOCTYPE WMT_MS_Capabilities SYSTEM "x.dtd" [<!ENTITY a ">">]><WMT_MS_Capabilities version="1.1.1"/>',
    ],
    ['WFS', 'application/xml', xml('<WFS_Capabilities version="1.0.0"/>')],
    ['WFS', 'application/xml', xml('<wfs:WFS_Capabilities version="1.1.0" xmlns:wfs="http://www.opengis.net/wfs"/>')],
    [
      'WFS',
      'application/xml',
      xml('<wfs:WFS_Capabilities version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0"/>'),
    ],
    ['WMTS', 'application/xml', xml('<Capabilities xmlns="http://www.opengis.net/wmts/1.0" version="1.0.0"/>')],
    ['WCS', 'application/xml', xml('<WCS_Capabilities version="1.0.0"/>')],
    ['WCS', 'application/xml', xml('<wcs:Capabilities xmlns:wcs="http://www.opengis.net/wcs/1.1"/>')],
    ['WCS', 'application/xml', xml('<CoverageDescriptions xmlns="http://www.opengis.net/wcs/1.1"/>')],
    ['N-Triples', 'application/n-triples', triple.repeat(5)],
    ['TXT', 'text/plain', triple.repeat(4)],
    ['TTL', 'text/turtle', '<subject> <predicate> <object>; <predicate> <object>.\n'.repeat(5)],
    ['TXT', 'text/plain', '<subject> <predicate> <object>; <predicate> <object>.\n'.repeat(2)],
    [
      'TTL',
      'text/turtle',
      '@prefix a: <http://a.example/> .\na:b a a:C ; a:d "x. y", \'z\' , 1.5 .\n# c . ; .\na:e a:f a:g .',
    ],
    [
      'TTL',
      'text/turtle',
      'PREFIX a: <http://a.example/>\na:b a:c a:d .\na:b a:c a:e .\na:b a:c """x\n.\n""" .\na:b a:c true .\na:b a:c _:d .',
    ],
    ['ICS', 'text/calendar', 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\n'],
    ['RTF', 'application/rtf', '{\\rtf1\\ansi hello}'],
  ];
  for (const [format, mediaType, text] of rows) {
    it(`is ${format}: ${JSON.stringify(text.slice(0, 60))}`, () => {
      const found = sniffed(text);
      assert.deepEqual([found.format, found.mediaType, found.data], [format, mediaType, true]);
    });
  }
});

describe('a table behind notes', () => {
  const notes = ['Report 2020\nGenerated by a.example\n\n', 'Title\n', '"Title"\n""\n'];
  for (const note of notes) {
    it(`is CSV behind ${JSON.stringify(note)}`, () => {
      assert.equal(sniffed(`${note}id,name,count\n1,a,2\n2,b,3\n`).format, 'CSV');
      assert.equal(sniffed(`${note}id,name\n1,a\n2,b\n3,c\n`).format, 'CSV');
    });
  }
  it('is none where two lines of a letter happen to have a comma', () =>
    assert.equal(sniffed('Hello\nhow are you\nso long\nYours, A\nPS: no, not\n').format, 'TXT'));
});

describe('JSON whose kind lies beyond its first bytes', () => {
  const head = `{"name":"${'x'.repeat(20_000)}","features":[{"id":1`;
  it('is of the kind that it is called', () => {
    assert.equal(sniffed(head, { complete: false, url: 'http://a.example/a.topojson' }).format, 'TopoJSON');
    assert.equal(sniffed(head, { complete: false, declaredFormat: 'GeoJSON' }).format, 'GeoJSON');
    assert.equal(sniffed(head, { complete: false }).format, 'JSON');
  });
  it('is not, where its type is another', () => {
    const other = head.replace('{', '{"type":"success",');
    assert.equal(sniffed(other, { complete: false, declaredFormat: 'GeoJSON' }).format, 'JSON');
  });
});

describe('UTF-16 without a mark', () => {
  const texts = {
    Cyrillic: 'имя,город\nИван,Москва\nАнна,Омск\n',
    Japanese: '名前,都市,値\n太郎,東京,1\n花子,大阪,2\n',
  };
  for (const [script, text] of Object.entries(texts)) {
    const little = Buffer.from(text, 'utf16le');
    it(`is known in ${script} by its line ends`, () => {
      const found = [little, Buffer.from(little).swap16()].map((bytes) => sniffed(bytes));
      assert.deepEqual(
        found.map(({ format, charset }) => [format, charset]),
        [
          ['CSV', 'utf-16le'],
          ['CSV', 'utf-16be'],
        ],
      );
    });
  }
  it('is not seen in numbers of 16 bits', () => {
    const numbers = Buffer.from(Int16Array.from({ length: 500 }, (_, i) => i * 37).buffer);
    assert.equal(sniffed(numbers).charset, null);
  });
});

describe('text with a label', () => {
  it('of one column is CSV where somebody says so', () => {
    for (const more of [
      { url: 'http://a.example/a.csv' },
      { contentType: 'text/csv' },
      { declaredFormat: 'csv' },
      { name: 'a.csv' },
    ]) {
      assert.equal(sniffed('name\nAnna\nBert\n', more).format, 'CSV');
    }
  });
  it('of few triples is Turtle where somebody says so', () =>
    assert.equal(sniffed(triple, { declaredFormat: 'TTL' }).format, 'TTL'));
  it('is what an unknown extension says, a double one in both parts', () => {
    const named = (url: string, contentType: string | null = null) => {
      const { format, mediaType, extension } = sniffed('test', { url, contentType });
      return [format, mediaType, extension];
    };
    assert.deepEqual(named('http://a.example/file.f1.f2?x=y.csv'), ['F1 / F2', 'text/plain', 'f2']);
    assert.deepEqual(named('http://a.example/file.foo', 'application/foo'), ['FOO', 'application/foo', 'foo']);
    assert.deepEqual(named('http://a.example/export.php'), ['TXT', 'text/plain', 'txt']);
    assert.deepEqual(named('http://a.example/file.txt', 'text/plain'), ['TXT', 'text/plain', 'txt']);
  });
  it('is a JSON number where somebody says so', () =>
    assert.equal(sniffed('5', { contentType: 'application/json' }).format, 'JSON'));
  it('is SQL, Markdown or YAML where somebody says so', () =>
    assert.deepEqual(
      ['sql', 'md', 'yml'].map((it) => sniffed('a: b, c\nd: e, f\n', { name: `x.${it}` }).format),
      ['SQL', 'Markdown', 'YAML'],
    ));
  it('is JSON by its bytes though it is called CSV', () =>
    assert.equal(sniffed('{"a":1}', { name: 'a.csv' }).format, 'JSON'));
  it('is a table or code by what its lines end with, whitespace behind it not counted', () => {
    const rows: readonly (readonly [string, string | null])[] = [
      ['let a = 1;\u00a0\r\nlet b = 2; \t\r\n\r\nlet c = 3;', 'TXT'],
      ['a;1;\nb;2;\nc;3;\n', 'CSV'],
      ['a;\nb;\nc;\nd;1\n', 'CSV'],
      ['a;\nb;\nc;\nd;\ne;1\n', 'TXT'],
      ['k\t\nl\t\nm\t\n', 'TSV'],
      [`${'x'.repeat(2048)}\n${'y,1\n'.repeat(9)}`, 'TXT'],
    ];
    for (const [text, format] of rows) assert.equal(sniffed(text).format, format, JSON.stringify(text.slice(0, 40)));
  });

  it('is no table when a semicolon ends each line and divides none', () =>
    assert.equal(sniffed('var a = 1;\nvar b = 2;\n', { contentType: 'application/javascript' }).format, 'TXT'));
  it('keeps a media type that we do not know when its own is not clear', () => {
    const { mediaType, data } = sniffed('test', { contentType: 'application/foo', declaredFormat: 'ODT' });
    assert.deepEqual([mediaType, data], ['application/foo', true]);
  });
  it('has the plain media type for one of its odd names', () =>
    assert.equal(sniffed('a,b\n1,2\n', { contentType: 'application/csv' }).mediaType, 'text/csv'));
  it('stays text/xml when it is served as that', () =>
    assert.equal(sniffed('<a/>', { contentType: 'text/xml' }).mediaType, 'text/xml'));
  it('says who contradicts the bytes', () =>
    assert.deepEqual(
      sniffed('{"a":1}', { name: 'a.csv', contentType: 'application/json', declaredFormat: 'XLS' }).evidence,
      [
        'it is JSON',
        'the name says csv, which the bytes do not bear out',
        'the Content-Type says application/json',
        'it was declared to be XLS, which the bytes do not bear out',
      ],
    ));
});

describe('text that is cut', () => {
  const cut = { complete: false };
  it('is JSON wherever it is cut', () => {
    const text = '{"a\\n": [1.5, -2, true, false, null, "x\\u00e9\\\\"], "b": {"c": []}}';
    for (let i = 1; i < text.length; i += 1)
      assert.equal(sniffed(text.slice(0, i), cut).format, 'JSON', text.slice(0, i));
  });
  it('is no JSON with a mistake near its beginning', () => assert.equal(sniffed('{"a": [1, 2}', cut).format, 'TXT'));
  it('is CSV though the last line is short', () => assert.equal(sniffed('a,b,c\n1,2,3\n4,5,6\n7', cut).format, 'CSV'));
  it('is UTF-8 though the last character is cut', () =>
    assert.equal(sniffed(Buffer.from('été\nété').subarray(0, -1), cut).charset, 'utf-8'));
  it('is XML though its root is out of sight', () =>
    assert.equal(sniffed('<?xml version="1.0"?><!-- a long', cut).format, 'XML'));
});
