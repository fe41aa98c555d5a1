import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { oleFile } from '../support/binaryFiles.ts';
import { fetchOnce } from '../support/fetching.ts';
import { answer, OddServer } from '../support/oddServer.ts';
import { zipFile } from '../support/zipFile.ts';

const UTF_8 = [0xef, 0xbb, 0xbf];
const UTF_16 = [0xff, 0xfe];
const behind = (mark: readonly number[], body: Uint8Array | string) =>
  Buffer.concat([Buffer.from(mark), Buffer.from(body)]);

async function fetched(path: string, body: Buffer, type = 'text/csv'): Promise<Attempt> {
  return fetchOnce(await OddServer.start({ '*': answer(200, { 'content-type': type }, body) }), path);
}

const ZIP = zipFile([
  { name: 'a.one', content: Buffer.from('x') },
  { name: 'b.two', content: Buffer.from('y') },
]);
const MARKED = 'a byte-order mark stands before it';

describe('a byte-order mark', () => {
  const files: readonly (readonly [string, readonly number[], Buffer])[] = [
    ['ZIP', UTF_8, ZIP],
    ['ZIP', UTF_16, ZIP],
    ['GZIP', UTF_8, gzipSync('a,b\n1,2\n')],
    ['XLS', UTF_8, oleFile('Workbook')],
    ['PNG', UTF_8, Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1')],
  ];
  for (const [format, mark, body] of files) {
    it(`of ${mark.length} bytes before ${format} hides it from nobody`, async () => {
      const attempt = await fetched('/export.tsv', behind(mark, body), 'text/tab-separated-values');
      assert.deepEqual([attempt.format, attempt.charset], [format, null]);
      assert.ok(attempt.evidence.includes(MARKED), attempt.evidence.join('; '));
    });
  }

  it('before zero bytes makes no text of them', async () => {
    const attempt = await fetched('/export.tsv', behind(UTF_8, Buffer.from([1, 0, 2, 0, 0, 0, 9, 4, 0, 7])));
    assert.deepEqual([attempt.format, attempt.charset], ['TSV', null]);
    assert.ok(attempt.evidence.includes('a byte-order mark stands before bytes that are no text'));
  });

  const texts: readonly (readonly [string, Buffer, string])[] = [
    ['UTF-8', behind(UTF_8, 'name,Größe\na,1\nb,2\n'), 'utf-8'],
    ['UTF-16', behind(UTF_16, Buffer.from('name,Größe\na,1\nb,2\n', 'utf16le')), 'utf-16le'],
    ['UTF-8, twice,', behind([...UTF_8, ...UTF_8], 'name,count\na,1\nb,2\n'), 'utf-8'],
  ];
  for (const [name, body, charset] of texts) {
    it(`of ${name} before a table is what it was`, async () => {
      const attempt = await fetched('/export.csv', body);
      assert.deepEqual([attempt.format, attempt.charset], ['CSV', charset]);
      assert.ok(!attempt.evidence.some((words) => words.includes('byte-order mark')));
    });
  }
});

describe('a stray zero byte', () => {
  for (const start of [
    '<!doctype html>',
    ' \n<!-- made by a script -->\n<HTML lang="de">',
    '\u{feff}<!DOCTYPE HTML >',
  ]) {
    it(`does not make data of a page: ${JSON.stringify(start)}`, async () => {
      const { code, reason } = await fetched('/data.bin', Buffer.from(`${start}<title>Nicht gefunden</title>\0<p>`));
      assert.equal(code, 'not-data');
      assert.match(reason, /HTML/);
    });
  }

  it('still makes octets of what only mentions a page', async () => {
    const { kind, charset } = await fetched('/data.bin', Buffer.from('record\0<!doctype html><title>x</title>'), '*/*');
    assert.deepEqual([kind, charset], ['fetched', null]);
  });
});
