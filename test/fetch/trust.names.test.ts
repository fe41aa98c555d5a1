import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import iconv from 'iconv-lite';
import { CSV, fetchOnce } from '../support/fetching.ts';
import { head, OddServer, send } from '../support/oddServer.ts';

/** The name under which a file is archived whose Content-Disposition is these bytes. */
async function nameOf(...disposition: readonly (string | Buffer)[]): Promise<string | null> {
  const [start = '', end = ''] = head(200, { 'content-length': String(CSV.length), 'content-disposition': '@' }).split(
    '@',
  );
  const bytes = disposition.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const server = await OddServer.start({ '*': send(start, ...bytes, end, CSV) });
  return (await fetchOnce(server, '/url.csv')).filename;
}

describe('a name in filename*', () => {
  const repaired: readonly (readonly [string, readonly (string | Buffer)[], string])[] = [
    ['of raw bytes in quotes', [`attachment; filename*=utf-8''"имя файла.csv"`], 'имя файла.csv'],
    ['of raw bytes', [`attachment; filename*=UTF-8''имя.csv`], 'имя.csv'],
    ['in quotes', [`attachment; filename*=UTF-8''"my%20data.csv"`], 'my data.csv'],
    ['in quotes, with a language', [`attachment; filename*=UTF-8'ru'"имя.csv"`], 'имя.csv'],
    ['in quotes around all of it', [`attachment; filename*="UTF-8''имя.csv"`], 'имя.csv'],
    ['of raw bytes and percent signs', [`attachment; filename*=UTF-8''имя%20файла.csv`], 'имя файла.csv'],
    ['with a semicolon in quotes', [`attachment; filename*=UTF-8''"a;б.csv"; size=30`], 'a;б.csv'],
    ['that is ISO 8859-1 after all', [`attachment; filename*=UTF-8''"`, Buffer.from('été.csv"', 'latin1')], 'été.csv'],
    [
      'of raw bytes in its charset',
      [`attachment; filename*=windows-1251''"`, iconv.encode('имя.csv', 'windows-1251'), '"'],
      'имя.csv',
    ],
    ['of raw bytes beside filename', [`attachment; filename="x.csv"; filename*=UTF-8''"имя.csv"`], 'имя.csv'],
    ['of nothing but quotes', [`attachment; filename*=UTF-8''""`], 'url.csv'],
  ];
  for (const [what, disposition, name] of repaired) {
    it(`${what} is repaired`, async () => assert.equal(await nameOf(...disposition), name));
  }

  const asBefore: readonly (readonly [string, string, string])[] = [
    ['as the standard writes it', `attachment; filename*=UTF-8''%e2%82%ac%20rates.csv`, '€ rates.csv'],
    ['with an apostrophe', `attachment; filename*=UTF-8''it's.csv; size=3`, "it's.csv"],
    ['with wrong bytes', `attachment; filename*=UTF-8''%ff.csv; filename=good.csv`, 'good.csv'],
    ['without a charset', 'attachment; filename*=x.csv; filename=good.csv', 'good.csv'],
    ['of no charset known', `attachment; filename*=klingon''"x.csv"; filename=good.csv`, 'good.csv'],
  ];
  for (const [what, disposition, name] of asBefore) {
    it(`${what} is read as it was`, async () => assert.equal(await nameOf(disposition), name));
  }
});
