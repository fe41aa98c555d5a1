import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { fetchOnce } from '../support/fetching.ts';
import { answer, OddServer } from '../support/oddServer.ts';

const CSV = 'id,name\n1,alpha\n2,beta\n';
const JSON_ROWS = '{"rows":[{"id":1},{"id":2}]}';
const WARNING =
  '<br />\n<b>Warning</b>:  mysqli_connect(): (HY000/2002) in <b>/var/www/export.php</b> on line <b>12</b><br />\n';
const PLAIN = '\nDeprecated: strtolower(): Passing null is deprecated in /var/www/export.php on line 7\n';
const PAGE = '<!DOCTYPE html>\n<html><head><title>Export</title></head><body>fertig</body></html>';
const BEFORE = 'messages of a script stand before it';
const AFTER = 'messages of a script follow it';
const PAGE_AFTER = 'a web page (HTML) follows it';

async function fetched(path: string, body: string, type = 'text/html'): Promise<Attempt> {
  return fetchOnce(await OddServer.start({ '*': answer(200, { 'content-type': type }, Buffer.from(body)) }), path);
}

describe('what a script says beside its data', () => {
  const bodies: readonly (readonly [string, string, string, string, readonly string[]])[] = [
    ['a warning before a table', '/export.csv', WARNING + CSV, 'CSV', [BEFORE]],
    ['several warnings before a table', '/export.csv', WARNING.repeat(5) + CSV, 'CSV', [BEFORE]],
    ['a warning without marks before a table', '/export.csv', PLAIN + CSV, 'CSV', [BEFORE]],
    ['a warning before JSON', '/export.json', WARNING + JSON_ROWS, 'JSON', [BEFORE]],
    [
      'a warning before XML',
      '/export.xml',
      `${WARNING}<?xml version="1.0"?><rows><row>1</row></rows>`,
      'XML',
      [BEFORE],
    ],
    ['a warning behind a table', '/export.csv', CSV + WARNING, 'CSV', [AFTER]],
    ['a page behind a table', '/export.csv', CSV + PAGE, 'CSV', [PAGE_AFTER]],
    ['a page right behind JSON', '/export.json', JSON_ROWS + PAGE, 'JSON', [PAGE_AFTER]],
    ['a warning before and a page behind', '/export.csv', WARNING + CSV + PAGE, 'CSV', [BEFORE, PAGE_AFTER]],
  ];
  for (const [what, path, body, format, said] of bodies) {
    it(`leaves it data, and is told: ${what}`, async () => {
      const { kind, format: found, bytes, evidence, reason } = await fetched(path, body);
      assert.deepEqual([kind, found, bytes], ['fetched', format, body.length], reason);
      for (const words of said) assert.ok(evidence.includes(words), evidence.join('; '));
    });
  }

  const pages: readonly (readonly [string, string])[] = [
    ['a warning and nothing else', WARNING],
    ['a warning and a page', WARNING + PAGE],
    ['a warning and a sentence', `${WARNING}Die Verbindung zur Datenbank fehlt`],
    ['a page', PAGE],
  ];
  for (const [what, body] of pages) {
    it(`makes no data of ${what}`, async () => assert.equal((await fetched('/export.csv', body)).code, 'not-data'));
  }

  it('is not seen in a cell that holds a page', async () => {
    const body = `id,page\n1,"\n${PAGE}"\n2,"\n${PAGE}"\n`;
    const { format, evidence } = await fetched('/pages.csv', body, 'text/csv');
    assert.deepEqual([format, evidence.includes(PAGE_AFTER)], ['CSV', false]);
  });

  it('is not seen in a document of XML that holds a page', async () => {
    const body = `<?xml version="1.0"?><pages><page>\n${PAGE.slice(16)}</page></pages>`;
    const { format, evidence } = await fetched('/feed.xml', body, 'application/xml');
    assert.deepEqual([format, evidence.includes(PAGE_AFTER)], ['XML', false]);
  });
});
