import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fetchInTurn, type Read } from '../support/fetchInTurn.ts';
import { fetchOnce } from '../support/fetching.ts';
import { answer, OddServer, sendAndClose, head as start } from '../support/oddServer.ts';
import { zipFile } from '../support/zipFile.ts';

const NOISE = randomBytes(200_000).toString('base64');
const ROWS = Array.from({ length: 20_000 }, (_, index) => `${index},alpha,${index * 7919}\n`).join('');
const zip = (...names: readonly string[]) => zipFile(names.map((name) => ({ name, content: NOISE })));
const ods = zipFile([
  { name: 'mimetype', content: 'application/vnd.oasis.opendocument.spreadsheet' },
  { name: 'content.xml', content: NOISE },
]);
const pdf = (end: string) => Buffer.from(`%PDF-1.7\n${NOISE}\nxref\n0 1\ntrailer\n<< /Size 1 >>\n${end}`, 'latin1');
const PDF = pdf('startxref\n266680\n%%EOF\n');
/** Made for the Web: the first of its two trailers stands near its beginning. */
const LINEAR = Buffer.concat([Buffer.from('%PDF-1.7\ntrailer\n<< >>\nstartxref\n0\n%%EOF\n'), PDF]);
const cut = (bytes: Buffer, by = 30_000): Buffer => bytes.subarray(0, bytes.length - by);

const FILES: readonly (readonly [string, string, Buffer, RegExp])[] = [
  ['a ZIP', '/data.zip', zip('one.csv', 'two.csv'), /a ZIP without the directory at its end/],
  ['a GTFS', '/gtfs.zip', zip('stops.txt', 'routes.txt', 'trips.txt'), /a ZIP without/],
  ['an XLSX', '/t.xlsx', zip('[Content_Types].xml', 'xl/workbook.xml', 'xl/worksheets/sheet1.xml'), /a ZIP without/],
  ['a zipped shapefile', '/shape.zip', zip('a.shp', 'a.dbf', 'a.shx'), /a ZIP without/],
  ['a KMZ', '/map.kmz', zip('doc.kml', 'files/a.png'), /a ZIP without/],
  ['an ODS', '/t.ods', ods, /a ZIP without/],
  ['a PDF', '/report.pdf', PDF, /a PDF without its trailer/],
  ['a PDF made for the Web', '/linear.pdf', LINEAR, /a PDF without its trailer/],
  ['a gzip', '/rows.csv.gz', gzipSync(ROWS), /a gzip without its footer/],
  ['a Parquet file', '/t.parquet', Buffer.from(`PAR1${NOISE}PAR1`), /a Parquet file without its footer/],
];

const attemptsOf = (reads: readonly Read[]) => reads.map(({ attempt: { code, transient } }) => [code, transient]);
const TAKEN = ['archived', false];
const ONCE_MORE = ['truncated', true];

describe('a file that ends in the middle, whose length is the declared one', () => {
  for (const [what, path, whole, lacks] of FILES) {
    it(`is archived and suspect where there is no copy: ${what}`, async () => {
      const [good] = await fetchInTurn([answer(200, {}, whole)], { path });
      assert.deepEqual([good?.attempt.code, good?.attempt.suspect], ['archived', undefined]);
      const [read] = await fetchInTurn([answer(200, {}, cut(whole))], { path });
      assert.deepEqual([read?.attempt.code, read?.known?.suspect], ['archived', true]);
      assert.match(read?.attempt.suspect ?? '', lacks);
      assert.ok(read?.attempt.evidence.some((words) => lacks.test(words)));
    });

    it(`is read once more before it takes the place of a good copy: ${what}`, async () => {
      const replies = [whole, cut(whole), cut(whole), whole].map((bytes) => answer(200, {}, bytes));
      const reads = await fetchInTurn(replies, { path });
      assert.deepEqual(attemptsOf(reads), [TAKEN, ONCE_MORE, TAKEN, TAKEN]);
      assert.match(reads[1]?.attempt.reason ?? '', /ends in the middle.*There is a good copy/);
      assert.deepEqual(
        reads.map(({ known }) => known?.suspect === true),
        [false, false, true, false],
      );
    });
  }

  it('is forgotten when the whole file comes at the second try', async () => {
    const whole = zip('one.csv', 'two.csv');
    const next = zip('one.csv', 'two.csv', 'three.csv');
    const reads = await fetchInTurn([whole, cut(next), next].map((bytes) => answer(200, {}, bytes)));
    assert.deepEqual(attemptsOf(reads), [TAKEN, ONCE_MORE, TAKEN]);
    assert.deepEqual([reads[2]?.attempt.suspect, reads[2]?.known?.doubted], [undefined, undefined]);
  });

  it('is taken after one more read although it is cut elsewhere each time, and replaces a suspect copy as it comes', async () => {
    const whole = zip('one.csv', 'two.csv');
    const cuts = [10_000, 20_000, 30_000].map((by) => cut(whole, by));
    const reads = await fetchInTurn([whole, ...cuts].map((bytes) => answer(200, {}, bytes)));
    assert.deepEqual(attemptsOf(reads), [TAKEN, ONCE_MORE, TAKEN, TAKEN]);
  });

  it('stays the unchanged copy that it is', async () => {
    const bytes = cut(zip('one.csv', 'two.csv'));
    const reads = await fetchInTurn([bytes, bytes].map((one) => answer(200, {}, one)));
    assert.deepEqual(attemptsOf(reads), [TAKEN, ['same-hash', false]]);
    assert.equal(reads[1]?.known?.suspect, true);
  });

  it('shorter than it was declared is truncated as before', async () => {
    const whole = zip('one.csv');
    const reply = sendAndClose(start(200, { 'content-length': String(whole.length) }), cut(whole));
    const { code } = await fetchOnce(await OddServer.start({ '*': reply }), '/f.zip');
    assert.equal(code, 'truncated');
  });
});

describe('no cut file', () => {
  const files: readonly (readonly [string, Buffer])[] = [
    ['a ZIP with a long comment', withComment(zip('one.csv'), 65_535)],
    ['a ZIP behind a byte-order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), zip('one.csv')])],
    ['an empty ZIP', zipFile([])],
    ['a PDF with bytes behind its end', Buffer.concat([PDF, Buffer.alloc(2000)])],
    ['a gzip of several members', Buffer.concat([gzipSync(ROWS), gzipSync(ROWS)])],
    ['a gzip with something behind it', Buffer.concat([gzipSync(ROWS), Buffer.from('\n\n')])],
    ['a table that begins with PK', Buffer.from('PK;name\n1;alpha\n2;beta\n')],
  ];
  for (const [what, bytes] of files) {
    it(`is ${what}`, async () => {
      const attempt = await fetchOnce(await OddServer.start({ '*': answer(200, {}, bytes) }), '/f');
      assert.deepEqual([attempt.kind, attempt.suspect], ['fetched', undefined], attempt.reason);
    });
  }
});

function withComment(file: Buffer, length: number): Buffer {
  const bytes = Buffer.concat([file, Buffer.alloc(length, 0x2e)]);
  bytes.writeUInt16LE(length, file.length - 2);
  return bytes;
}
