import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { fetchOnce } from '../support/fetching.ts';
import { answer, OddServer } from '../support/oddServer.ts';

type Headers = Readonly<Record<string, string>>;

const EXCEL: Headers = { 'content-type': 'application/vnd.ms-excel' };
const ATTACHED: Headers = { ...EXCEL, 'content-disposition': 'attachment; filename="Haushalt.xls"' };
const ROWS = '<tr><th>id</th><th>name</th></tr><tr><td>1</td><td>alpha</td></tr>';
const NAMESPACE = `<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel"><body><table>${ROWS}</table></body></html>`;
const PROGRAM = `<html><head><meta name=ProgId content=Excel.Sheet></head><body><table>${ROWS}</table></body></html>`;
const BARE = `<table border="1">${ROWS}</table>`;
const ARCHIVE = [
  'MIME-Version: 1.0',
  'Content-Type: multipart/related; boundary="x"; type="text/html"',
  '',
  '--x',
  'Content-Type: text/html; charset="utf-8"',
  '',
  NAMESPACE.replaceAll('=', '=3D'),
  '--x--',
  '',
].join('\r\n');

async function fetched(path: string, headers: Headers, body: string): Promise<Attempt> {
  return fetchOnce(await OddServer.start({ '*': answer(200, headers, Buffer.from(body)) }), path);
}

describe('HTML that is made for Excel', () => {
  const tables: readonly (readonly [string, string, Headers, string, string])[] = [
    ['with the namespace of Excel', '/export.aspx', EXCEL, NAMESPACE, 'export.xls'],
    [
      'with the namespace of Excel, served as a page',
      '/export',
      { 'content-type': 'text/html' },
      NAMESPACE,
      'export.xls',
    ],
    ['with the ProgId of Excel', '/haushalt.xls', { 'content-type': 'text/html' }, PROGRAM, 'haushalt.xls'],
    ['that is a table, attached under an Excel type', '/export.php', ATTACHED, BARE, 'Haushalt.xls'],
    ['in a web archive', '/haushalt.xls', EXCEL, ARCHIVE, 'haushalt.xls'],
  ];
  for (const [what, path, headers, body, name] of tables) {
    it(`is data ${what}`, async () => {
      const { kind, format, mediaType, filename, evidence, reason } = await fetched(path, headers, body);
      assert.deepEqual(
        [kind, format, mediaType, filename],
        ['fetched', 'XLS (HTML)', 'application/vnd.ms-excel', name],
        reason,
      );
      assert.ok(evidence.some((words) => /table/.test(words)));
      assert.ok(
        !evidence.some((words) => words.startsWith('the Content-Type says application/vnd') && words.includes(',')),
      );
    });
  }

  const pages: readonly (readonly [string, string, Headers, string])[] = [
    ['a table in a page', '/export', { 'content-type': 'text/html' }, BARE],
    [
      'a page of Word',
      '/x',
      EXCEL,
      NAMESPACE.replaceAll('excel', 'word').replace('<table>', '<p>').replaceAll(ROWS, 'x'),
    ],
    ['a login page under an Excel type', '/haushalt.xls', ATTACHED, `<form><input type=password></form>${BARE}`],
    ['an error page under an Excel type', '/haushalt.xls', ATTACHED, '<html><h1>Nicht gefunden</h1></html>'],
    ['a page that only speaks of Excel', '/x', { 'content-type': 'text/html' }, `<p>Excel.Sheet</p>${BARE}`],
  ];
  for (const [what, path, headers, body] of pages) {
    it(`is not ${what}`, async () => assert.equal((await fetched(path, headers, body)).code, 'not-data'));
  }
});
