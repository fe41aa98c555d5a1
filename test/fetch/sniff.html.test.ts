import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import iconv from 'iconv-lite';
import type { Sniffed, SniffInput } from '../../plugin/fetch/sniff/Finding.ts';
import { sniff } from '../../plugin/fetch/sniff/sniff.ts';

function sniffed(head: string | Uint8Array, more: Partial<SniffInput> = {}): Sniffed {
  const input = { complete: true, contentType: null, declaredFormat: null, name: null, url: 'http://a.example/x' };
  return sniff({ ...input, head: Buffer.from(head), ...more });
}

describe('HTML is not data', () => {
  const xhtml =
    '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd"><html xmlns="http://www.w3.org/1999/xhtml"/>';
  const rows: readonly (readonly [string, string | Uint8Array])[] = [
    ['with a doctype', '<!DOCTYPE html><p>hello'],
    ['with a doctype in any case', '<!doctype HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><p>'],
    ['with neither doctype nor html', '<title>hello</title><p>hello'],
    ['behind blanks and comments', '\r\n \t<!-- <a> --> <!-- b -->\n<html lang=en>'],
    ['behind a byte-order mark', '\ufeff<html>'],
    ['in UTF-16', iconv.encode('<html><body>x</body></html>', 'utf-16le', { addBOM: true })],
    ['with bytes of no character set', Buffer.from('<html><body>\xff\xfe\x81</body>', 'latin1')],
    ['that is a fragment', '<div class="a">hello</div>'],
    ['that is a table', '<table><tr><td>1</td></tr></table>'],
    ['behind a warning of the server', 'Warning: foo() is slow\n<!DOCTYPE html>\n<html><head><title>x</title>'],
    ['as XHTML', xhtml],
    ['as XHTML without a doctype', '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"/>'],
    ['as XHTML with a prefix', '<?xml version="1.0"?>\n<h:html xmlns:h="http://www.w3.org/1999/xhtml"/>'],
    ['with RDFa', '<html prefix="dct: http://purl.org/dc/terms/"><body about="#a" property="dct:title">x'],
    ['with a table for Excel', '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><table>'],
  ];
  for (const [what, head] of rows) {
    for (const more of [
      {},
      { contentType: 'text/csv', name: 'a.csv' },
      { contentType: 'text/html', declaredFormat: 'HTML' },
    ]) {
      it(`${what}, ${more.contentType ?? 'without a type'}`, () => {
        const found = sniffed(head, more);
        assert.deepEqual([found.data, found.format], [false, 'HTML']);
        assert.match(found.notData ?? '', /^It is .*HTML\), not data/);
      });
    }
  }

  it('also a piece of it where XML is promised', () => {
    for (const piece of ['<div>x</div>', '<h1>404</h1>', '<br>\nno <b>', '<script>a()</script>', '<body>x</body>']) {
      for (const contentType of ['application/xml', 'application/rss+xml', 'text/html']) {
        assert.equal(sniffed(piece, { contentType, declaredFormat: 'KML' }).format, 'HTML', `${piece} ${contentType}`);
      }
    }
  });

  it('unless it is XML of another kind, with words of HTML', () => {
    const as = (text: string) => sniffed(text, { contentType: 'application/xml' }).format;
    assert.equal(as('<table><row>1</row></table>'), 'XML');
    assert.equal(as('<?xml version="1.0"?><body><row>1</row></body>'), 'XML');
    assert.equal(as('<p xmlns="http://a.example/poem">x</p>'), 'XML');
    assert.equal(sniffed('<table><row>1</row></table>', { contentType: 'text/html', name: 'a.xml' }).format, 'HTML');
  });

  it('and has its own media type, XHTML too', () => {
    assert.equal(sniffed('<html>', { contentType: 'text/csv' }).mediaType, 'text/html');
    assert.equal(sniffed(xhtml, { contentType: 'application/xhtml+xml' }).mediaType, 'application/xhtml+xml');
    assert.equal(sniffed(xhtml, { contentType: 'text/html; charset=utf-8' }).mediaType, 'text/html');
  });

  it('and is believed to be HTML where it is served as that and looks like nothing else', () =>
    assert.equal(sniffed('Sorry, try again later', { contentType: 'text/html' }).data, false));

  it('but a table that is served as HTML is a table', () => {
    const { data, format, mediaType } = sniffed('a,b\n1,2\n3,4\n', { contentType: 'text/html' });
    assert.deepEqual([data, format, mediaType], [true, 'CSV', 'text/csv']);
  });
});

describe('the evidence', () => {
  const why = (body: string): string | null => sniffed(body, { contentType: 'text/csv' }).notData;
  it('names an error page by its title', () =>
    assert.equal(
      why('<html><head><title> 404\n Not Found </title></head>'),
      'It is an error page (HTML), not data: its title is “404 Not Found”, it says “404”.',
    ));
  it('names an error page by its words when it is short', () =>
    assert.match(why('<p>The file does not exist.</p>') ?? '', /error page.*does not exist/));
  it('names a login page by its title', () =>
    assert.match(why('<html><title>Sign in to your account</title>') ?? '', /^It is a login page/));
  it('names a login page by its password field', () =>
    assert.match(
      why("<!doctype html><form><input name=p type='password'>") ?? '',
      /^It is a login page.*asks for a password/,
    ));
  it('names a login page by its words when it is short', () =>
    assert.match(why('<html><body>Please log in</body></html>') ?? '', /^It is a login page/));
  it('names a page that sends browsers elsewhere', () =>
    assert.match(why('<meta http-equiv="refresh" content="0;url=/login">') ?? '', /sends browsers elsewhere/));
  it('does not look for words in scripts', () =>
    assert.match(why('<p>hi</p><script>var error = 1</script>') ?? '', /^It is a web page/));
});

describe('an error message in the place of data', () => {
  const declared = { declaredFormat: 'CSV' };
  const rows: readonly (readonly [string, string, Partial<SniffInput>, boolean])[] = [
    ['JSON that is nothing but an error', '{"error":{"code":404,"message":"no such table"}}', declared, false],
    ['JSON that says success is false', '{"success": false, "message": "no"}', declared, false],
    ['JSON with a number that says so', '{"statusCode":404,"message":"Resource not found"}', declared, false],
    ['JSON with words that say so', '{"detail":"Not found."}', declared, false],
    ['JSON with other words', '{"message":"hello"}', declared, true],
    ['the same where JSON is expected', '{"error":{"code":404}}', { declaredFormat: 'JSON' }, true],
    ['the same where nothing is expected', '{"error":{"code":404}}', {}, true],
    ['JSON that has an error among its data', '{"error":null,"rows":[1]}', declared, true],
    ['an error in XML', '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', declared, false],
    [
      'the same where XML is expected',
      '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
      { name: 'a.xml' },
      true,
    ],
    [
      'the same with an honest Content-Type in the place of a table',
      '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
      { name: 'a.csv', contentType: 'application/xml' },
      false,
    ],
    ['a few words', 'File not found.\n', declared, false],
    ['a few words with a number', '404 Not Found', { contentType: 'text/csv' }, false],
    ['the same words as text', 'File not found.\n', {}, true],
    ['a table about errors', 'error,count\n404,3\n500,4\n', declared, true],
  ];
  for (const [what, body, more, data] of rows) {
    it(`${data ? 'is no message' : 'is found'}: ${what}, ${JSON.stringify(more)}`, () =>
      assert.equal(sniffed(body, more).data, data));
  }
});
