import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fileName } from '../../plugin/fetch/body/fileName.ts';

const nameless = { contentDisposition: null, finalUrl: 'http://a.example/', resourceName: null, extension: null };
const bySent = (contentDisposition: string): string => fileName({ ...nameless, contentDisposition });
const byPath = (path: string, extension: string | null = null): string =>
  fileName({ ...nameless, finalUrl: `http://a.example${path}`, extension });
const byTitle = (resourceName: string, extension: string | null = null): string =>
  fileName({ ...nameless, resourceName, extension });

function table(title: string, named: (text: string) => string, rows: readonly (readonly [string, string])[]): void {
  describe(title, () => {
    for (const [text, expected] of rows) {
      it(`${JSON.stringify(text)} becomes ${expected}`, () => assert.equal(named(text), expected));
    }
  });
}

table('Content-Disposition', bySent, [
  ['attachment; filename="data.csv"', 'data.csv'],
  ['attachment; filename=data.csv', 'data.csv'],
  ['attachment; FileName="data.csv"; size=3', 'data.csv'],
  ['attachment; filename=my data.csv', 'my data.csv'],
  ['filename="data.csv"', 'data.csv'],
  ['inline; filename = "a;b.csv"', 'a;b.csv'],
  ['attachment; filename="say \\"hello\\".csv"', 'say _hello_.csv'],
  ['attachment; filename="unterminated.csv', 'unterminated.csv'],
  ["attachment; filename*=UTF-8''%e2%82%ac%20rates.csv", '€ rates.csv'],
  ['attachment; filename="old.csv"; filename*=UTF-8\'en\'new.csv', 'new.csv'],
  ["attachment; filename*=UTF-8''new.csv; filename=old.csv", 'new.csv'],
  ["attachment; filename*=iso-8859-1''%A3%20rates.csv", '£ rates.csv'],
  ["attachment; filename*=windows-1252''%80%20rates.csv", '€ rates.csv'],
  ["attachment; filename*=UTF-8''%ff.csv; filename=good.csv", 'good.csv'],
  ["attachment; filename*=klingon''x.csv; filename=good.csv", 'good.csv'],
  ['attachment; filename*=x.csv; filename=good.csv', 'good.csv'],
  ['attachment; filename="\xc3\xa9t\xc3\xa9.csv"', 'été.csv'],
  ['attachment; filename="\xe9t\xe9.csv"', 'été.csv'],
  ['attachment; filename="na%C3%AFve.csv"', 'naïve.csv'],
  ['attachment; filename="=?UTF-8?B?w6l0w6kuY3N2?="', 'été.csv'],
  ['attachment; filename="../../etc/passwd"', 'passwd'],
  ['attachment; filename="..\\..\\boot.ini"', 'boot.ini'],
  ["attachment; filename*=UTF-8''..%2F..%2Fx.csv", 'x.csv'],
  ['attachment; filename="C:\\\\data\\\\a.csv"', 'a.csv'],
  ['attachment', 'resource'],
  ['attachment; filename=""', 'resource'],
  ['attachment; filename=".."', 'resource'],
  [';;;=', 'resource'],
]);

table('the final URL', byPath, [
  ['/data.csv', 'data.csv'],
  ['/a%20b.csv?x=1#y', 'a b.csv'],
  ['/%C3%A9t%C3%A9.csv', 'été.csv'],
  ['/%E9t%E9.csv', 'été.csv'],
  ['/e%CC%81te%CC%81.csv', 'été.csv'],
  ['/100%25.csv', '100%.csv'],
  ['/a%2520b.csv', 'a%20b.csv'],
  ['/100%.csv', '100%.csv'],
  ['/%2e%2e%2f%2e%2e%2fetc%2fpasswd', 'passwd'],
  ['/a%00b%0a.csv', 'ab.csv'],
  ['/a%E2%80%AEvsc.exe.csv', 'avsc.exe.csv'],
  ['/a%E2%80%8Bb.csv', 'ab.csv'],
  ['/a%3Cb%3E%3A%22%7C%3F%2A.csv', 'a_b______.csv'],
  ['/con.csv', '_con.csv'],
  ['/COM1', '_COM1'],
  ['/console.csv', 'console.csv'],
  ['/.htaccess', 'htaccess'],
  ['/-rf.csv', 'rf.csv'],
  ['/data.csv.', 'data.csv'],
  ['/data.csv%20', 'data.csv'],
  ['/folder/', 'resource'],
]);

describe('a name that a double click would run', () => {
  for (const [path, extension, expected] of [
    ['/report.hta', 'csv', 'report.csv'],
    ['/report.csv.lnk', 'csv', 'report.csv.csv'],
    ['/report.JS', 'json', 'report.json'],
    ['/report.bat', null, 'report.bat.bin'],
    ['/report.url%20', null, 'report.url.bin'],
    ['/x.settingcontent-ms', 'csv', 'x.settingcontent-ms.csv'],
    ['/x.settingcontent-ms', null, 'x.settingcontent-ms.bin'],
    ['/report.exe', 'exe', 'report.exe'],
    ['/report.exe', 'zip', 'report.zip'],
    ['/report.csv', 'exe', 'report.csv'],
    ['/map.svg', 'svg', 'map.svg'],
    ['/scripts.js.zip', 'zip', 'scripts.js.zip'],
    ['/bat', null, 'bat'],
  ] as const) {
    it(`${path} with ${extension ?? 'unknown'} bytes becomes ${expected}`, () =>
      assert.equal(byPath(path, extension), expected));
  }
});

describe('the order of proposals', () => {
  it('goes on to the URL when Content-Disposition leaves nothing', () =>
    assert.equal(
      fileName({ ...nameless, contentDisposition: 'attachment; filename=".."', finalUrl: 'http://a.example/b.csv' }),
      'b.csv',
    ));
  it('goes on to the title when the URL ends with a slash', () =>
    assert.equal(byTitle('Budget 2024/25', 'csv'), 'Budget 2024_25.csv'));
  it('survives a URL that is none', () => assert.equal(fileName({ ...nameless, finalUrl: 'http://' }), 'resource'));
});

describe('the extension', () => {
  const rows: readonly (readonly [string, string | null, string])[] = [
    ['/data', 'csv', 'data.csv'],
    ['/data.csv', 'json', 'data.csv'],
    ['/DATA.CSV', 'csv', 'DATA.CSV'],
    ['/data.foo', 'csv', 'data.foo'],
    ['/v1.2', 'csv', 'v1.2.csv'],
    ['/report.final%20version', 'csv', 'report.final version.csv'],
    ['/download.aspx', 'csv', 'download.csv'],
    ['/index.php', 'xlsx', 'index.xlsx'],
    ['/export.do', null, 'export.do'],
    ['/data.csv.zip', 'zip', 'data.csv.zip'],
    ['/data.tar.gz', 'gz', 'data.tar.gz'],
    ['/', 'csv', 'resource.csv'],
    ['/data', null, 'data'],
  ];
  for (const [path, detected, expected] of rows) {
    it(`of ${path}, detected ${detected}, makes ${expected}`, () => assert.equal(byPath(path, detected), expected));
  }
});

describe('the limit of 200 bytes', () => {
  it('keeps both parts of an extension', () =>
    assert.equal(byPath(`/${'a'.repeat(300)}.csv.zip`), `${'a'.repeat(192)}.csv.zip`));
  it('cuts no character', () => assert.equal(byPath(`/${'%C3%A9'.repeat(150)}.csv`), `${'é'.repeat(98)}.csv`));
  it('cuts no character made of several', () => {
    const name = byPath(`/${encodeURIComponent('👩‍👩‍👧'.repeat(30))}.csv`);
    assert.match(name, /^(👩👩👧)+.{0,4}\.csv$/u);
  });
  it('leaves a name of exactly 200 bytes', () =>
    assert.equal(byPath(`/${'a'.repeat(196)}.csv`), `${'a'.repeat(196)}.csv`));
});

it('makes of any proposals one safe path segment', () => {
  const nasty = fc.string({ unit: fc.constantFrom(...`./\\%abc"' ;=*\u202e\0\n\u001f\u00e9\ud83d-`.split('')) });
  const any = fc.oneof(fc.string({ unit: 'binary' }), nasty, fc.constantFrom('..', '.', 'CON', 'aux.csv', ' . '));
  fc.assert(
    fc.property(any, any, any, fc.constantFrom(null, 'csv', 'csv.zip'), (header, path, resourceName, extension) => {
      const contentDisposition = `attachment; filename="${header}"`;
      const name = fileName({ contentDisposition, finalUrl: `http://a.example/${path}`, resourceName, extension });
      assert.ok(name !== '' && name !== '.' && name !== '..');
      assert.ok(Buffer.byteLength(name) <= 200);
      assert.doesNotMatch(name, /[/\\<>:"|?*\p{Cc}\p{Cf}\p{Cs}]|^[.\s-]|[.\s]$/u);
      assert.equal(name.normalize('NFC'), name);
      assert.doesNotMatch(name, /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
    }),
    { numRuns: 500 },
  );
});
