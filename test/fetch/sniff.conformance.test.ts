import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseUrl } from '../../plugin/fetch/http/parseUrl.ts';
import type { Sniffed, SniffInput } from '../../plugin/fetch/sniff/Finding.ts';
import { sniff } from '../../plugin/fetch/sniff/sniff.ts';
import { bytesAt, oleFile } from '../support/binaryFiles.ts';
import { zipFile } from '../support/zipFile.ts';

// The rows of CKAN's quality checker: its sniffer and its link check. Where it scores pages, we refuse them.

function sniffed(head: string | Uint8Array, more: Partial<SniffInput> = {}): Sniffed {
  const input = { complete: true, contentType: null, declaredFormat: null, name: null, url: 'http://a.example/x' };
  return sniff({ ...input, head: Buffer.from(head), ...more });
}

const xml = (root: string): string => `<?xml version="1.0" encoding="utf-8"?>\n${root}`;
const zip = (...names: string[]): Buffer => zipFile(names.map((name) => ({ name, content: 'a,b\n1,2\n' })));
const odf = (kind: string): Buffer =>
  zipFile([{ name: 'mimetype', content: `application/vnd.oasis.opendocument.${kind}` }]);
const triples = '<http://a.example/s> <http://a.example/p> <http://a.example/o> .\n'.repeat(6);
const turtle = '@prefix a: <http://a.example/> .\na:s a a:C ; a:p "1" , "2" , "3" ;\n  a:q "4" ; a:r "5" .\n';
const prefixes = `@prefix dct: <http://purl.org/dc/terms/> .\n@prefix a: <http://a.example/> .\n${'a:s dct:title "x"@en .\n'.repeat(6)}`;
const gtfs = ['agency.txt', 'stops.txt', 'routes.txt', 'trips.txt', 'stop_times.txt', 'calendar.txt'];

describe('the quality checker’s sniffer', () => {
  const rows: readonly (readonly [string, string, string | Uint8Array])[] = [
    ['XLS of Excel 97', 'XLS', oleFile('Workbook')],
    ['XLS of Excel 5', 'XLS', oleFile('Book')],
    ['XLS of Excel 4', 'XLS', bytesAt(0, '\x09\x04\x06\0\0\0\x10\0')],
    ['XLS in the newer form', 'XLSX', zip('[Content_Types].xml', 'xl/workbook.xml')],
    ['zipped XLS', 'XLS / ZIP', zip('report.xls')],
    ['RDF', 'RDF', xml('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>')],
    ['RDF without a declaration', 'RDF', '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF>'],
    ['PDF', 'PDF', '%PDF-1.4\n'],
    ['KML', 'KML', xml('<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>')],
    ['DOC', 'DOC', oleFile('WordDocument')],
    ['JSON', 'JSON', '{"a": [1, 2], "b": null}'],
    ['ODS', 'ODS', odf('spreadsheet')],
    ['ODT', 'ODT', odf('text')],
    ['ODP', 'ODP', odf('presentation')],
    ['PPT', 'PPT', oleFile('PowerPoint Document')],
    ['CSV with commas', 'CSV', 'a,b,c\n1,2,3\n4,5,6\n'],
    ['CSV with semicolons', 'CSV', 'a;b;c\n1;2;3\n4;5;6\n'],
    ['CSV with quotes', 'CSV', '"a","b, c"\r\n"1","2\n3"\r\n"4","5"\r\n'],
    ['CSV with a title', 'CSV', 'Spending 2011\n\na,b,c\n1,2,3\n4,5,6\n7,8,9\n10,11,12\n'],
    ['CSV with a byte-order mark', 'CSV', '\ufeffa,b\n1,2\n3,4\n'],
    ['CSV in UTF-16', 'CSV', Buffer.from('\ufeffa,b\n1,2\n3,4\n', 'utf16le')],
    ['CSV in an old encoding', 'CSV', Buffer.from('name,place\nJos\xe9,M\xe1laga\nAna,C\xe1diz\n', 'latin1')],
    ['SHP', 'SHP', zip('roads.shp', 'roads.shx', 'roads.dbf')],
    ['SHP in a folder', 'SHP', zip('roads/', 'roads/roads.prj', 'roads/roads.shp')],
    ['GTFS', 'GTFS', zip(...gtfs)],
    ['XML', 'XML', xml('<jobs><job/></jobs>')],
    ['XML with a DTD', 'XML', xml('<!DOCTYPE jobs SYSTEM "jobs.dtd">\n<jobs><job/></jobs>')],
    ['XML without a declaration', 'XML', '<jobs><job>a</job></jobs>'],
    ['IATI', 'IATI', xml('<iati-activities version="1.03"></iati-activities>')],
    ['RSS', 'RSS', xml('<rss version="2.0"><channel/></rss>')],
    ['TXT', 'TXT', 'Dear reader,\n\nthis is a letter. It has some words, and more.\n'],
    ['TXT of one line', 'TXT', 'Nothing to see here'],
    ['zipped CSV', 'CSV / ZIP', zip('data.csv')],
    ['zipped CSV in a folder', 'CSV / ZIP', zip('out/', 'out/data.csv')],
    ['zipped TXT', 'TXT / ZIP', zip('readme.txt')],
    ['zipped XML', 'XML / ZIP', zip('data.xml')],
    ['PSV', 'PSV', 'a|b|c\n1|2|3\n4|5|6\n'],
    ['WMS 1.3', 'WMS', xml('<WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms"/>')],
    ['WMS 1.1.1', 'WMS', xml('<WMT_MS_Capabilities version="1.1.1"/>')],
    ['WFS 1.0', 'WFS', xml('<WFS_Capabilities version="1.0.0" xmlns="http://www.opengis.net/wfs"/>')],
    ['WFS 1.1', 'WFS', xml('<wfs:WFS_Capabilities version="1.1.0" xmlns:wfs="http://www.opengis.net/wfs"/>')],
    ['WFS 2.0', 'WFS', xml('<wfs:WFS_Capabilities version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0"/>')],
    ['WMTS', 'WMTS', xml('<Capabilities version="1.0.0" xmlns="http://www.opengis.net/wmts/1.0"/>')],
    ['WCS 1.0', 'WCS', xml('<WCS_Capabilities version="1.0.0" xmlns="http://www.opengis.net/wcs"/>')],
    ['WCS 2.0', 'WCS', xml('<wcs:Capabilities version="2.0.1" xmlns:wcs="http://www.opengis.net/wcs/2.0"/>')],
    ['TTL', 'TTL', turtle],
    ['TTL with prefixes', 'TTL', prefixes],
    ['TTL as N-Triples', 'N-Triples', triples],
    ['Atom', 'Atom', xml('<feed xmlns="http://www.w3.org/2005/Atom"/>')],
    ['Atom with entries', 'Atom', xml('<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id></entry></feed>')],
  ];
  for (const [title, format, head] of rows) {
    it(`knows ${title}`, () => {
      const found = sniffed(head);
      assert.deepEqual([found.format, found.data], [format, true], found.evidence.join('; '));
    });
  }

  const pages: readonly (readonly [string, string])[] = [
    ['HTML', '<!DOCTYPE html>\n<html><head><title>a</title></head><body><p>b</p></body></html>'],
    ['HTML without a doctype', '<html><body>a</body></html>'],
    ['HTML with comments first', '<!-- a -->\n<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">\n<html>'],
    ['RDFa', '<!DOCTYPE html><html vocab="http://schema.org/" typeof="Person"><body property="name">a</body></html>'],
  ];
  for (const [title, head] of pages) {
    it(`knows ${title}, and that it is no data`, () => {
      const found = sniffed(head);
      assert.deepEqual([found.format, found.data], ['HTML', false]);
    });
  }

  it('knows JSON wherever it is cut', () => {
    const whole = '{"a": [1, 2.5, "x\\u00e9", true], "b": {"c": null}}'.repeat(1);
    for (let cut = 5; cut < whole.length; cut += 1) {
      assert.equal(sniffed(whole.slice(0, cut), { complete: false }).format, 'JSON', whole.slice(0, cut));
    }
  });

  it('needs five triples to call a text Turtle', () => {
    const line = '<http://a.example/s> <http://a.example/p> "o" .\n';
    assert.equal(sniffed(line.repeat(4)).format, 'TXT');
    assert.equal(sniffed(line.repeat(5)).format, 'N-Triples');
  });

  it('needs no five where a directive of Turtle says so', () =>
    assert.equal(
      sniffed('# an example\n@prefix a: <http://a.example/> .\n\na:b\n    a a:C ;\n    a:d "x" .\n').format,
      'TTL',
    ));

  it('knows Turtle whose subject stands on a line of its own', () => {
    const statement = '      <http://a.example/type>\n          <http://a.example/Dataset> ;\n';
    assert.equal(sniffed(`<http://a.example/s>\n${statement.repeat(6)}`).format, 'TTL');
    assert.equal(sniffed(`<http://a.example/s>\n${statement}`).format, 'TXT');
  });
});

describe('the quality checker’s link check', () => {
  const nothing = Buffer.from([1, 2, 3, 0, 255, 254, 9, 1]);
  const rows: readonly (readonly [string, Partial<SniffInput>, string | null])[] = [
    ['no clue has no format', {}, null],
    ['a query is no clue', { url: 'http://a.example/api?file=a.csv' }, null],
    ['an unknown double extension in capitals', { url: 'http://a.example/data.f1.f2' }, 'F1 / F2'],
    ['an unknown extension in capitals', { url: 'http://a.example/data.f1' }, 'F1'],
    ['a double extension with a query', { url: 'http://a.example/data.f1.f2?x=1' }, 'F1 / F2'],
    ['garbage instead of a URL does not crash', { url: 'ir98nqw8rynx9 q3r' }, null],
  ];
  for (const [title, more, format] of rows) {
    it(`bytes that show nothing: ${title}`, () => assert.equal(sniffed(nothing, more).format, format));
  }
  it('a text called .csv is CSV', () =>
    assert.equal(sniffed('a\n1\n', { url: 'http://a.example/data.csv' }).format, 'CSV'));
  it('a ZIP called .csv.zip is a zipped CSV', () =>
    assert.equal(sniffed(zip('data.csv'), { url: 'http://a.example/data.csv.zip' }).format, 'CSV / ZIP'));
  it('a text is what the Content-Type says, text/plain or text/csv', () => {
    assert.equal(sniffed('a\n1\n', { contentType: 'text/plain' }).format, 'TXT');
    assert.equal(sniffed('a\n1\n', { contentType: 'text/csv; charset=utf-8' }).format, 'CSV');
  });
  it('file: and empty URLs are none, a colon in the query and blanks at the end are no matter', () => {
    const kinds = ['file:///a.csv', '', 'http://a.example/?time=09:30', 'http://a.example/a.csv  '].map(
      (text) => parseUrl(text).kind,
    );
    assert.deepEqual(kinds, ['invalid', 'invalid', 'ok', 'ok']);
  });
});
