import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { redactUrl } from '../../plugin/decide/redactUrl.ts';
import { parseUrl } from '../../plugin/fetch/http/parseUrl.ts';

/** What was written → what is asked for. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ['http://example.org', 'http://example.org/'],
  ['HTTP://Example.ORG/A', 'http://example.org/A'],
  ['  http://example.org/a.csv \n', 'http://example.org/a.csv'],
  ['\u00a0http://example.org/a.csv\ufeff', 'http://example.org/a.csv'],
  ['\u0000http://example.org/a.csv\u001f', 'http://example.org/a.csv'],
  ['http://exam\tple.org/a\r\nb.csv', 'http://example.org/ab.csv'],
  ['http://example.org/a b.csv?q=c d', 'http://example.org/a%20b.csv?q=c%20d'],
  ['http://example.org/a%20b.csv', 'http://example.org/a%20b.csv'],
  ['http://example.org/a%2520b.csv', 'http://example.org/a%2520b.csv'],
  ['http://example.org/a%2Fb%c3%a4', 'http://example.org/a%2Fb%c3%a4'],
  ['http://example.org/100%', 'http://example.org/100%25'],
  ['http://example.org/100%zz?50%', 'http://example.org/100%25zz?50%25'],
  ['http://example.org/%%20', 'http://example.org/%25%20'],
  ['http://example.org/größe.csv?ort=köln', 'http://example.org/gr%C3%B6%C3%9Fe.csv?ort=k%C3%B6ln'],
  ['http://example.org/数据.csv', 'http://example.org/%E6%95%B0%E6%8D%AE.csv'],
  ['http://münchen.example/', 'http://xn--mnchen-3ya.example/'],
  ['http://xn--mnchen-3ya.example/', 'http://xn--mnchen-3ya.example/'],
  ['http://example.org/a.csv#sheet', 'http://example.org/a.csv'],
  ['http://example.org/?t=09:30', 'http://example.org/?t=09:30'],
  [
    'http://example.org/go/http://other.example/?u=http://third.example/a b',
    'http://example.org/go/http://other.example/?u=http://third.example/a%20b',
  ],
  ['http:\\\\example.org\\a', 'http://example.org/a'],
  ['http://example.org:80/', 'http://example.org/'],
  ['https://example.org:443/', 'https://example.org/'],
  ['http://example.org:8080/', 'http://example.org:8080/'],
  ['http://example.org/a/../b/./c', 'http://example.org/b/c'],
  ['http://example.org./a', 'http://example.org./a'],
  ['http://ex_ample.org/a', 'http://ex_ample.org/a'],
  ['http://2130706433/', 'http://127.0.0.1/'],
  ['http://0x7f.1/', 'http://127.0.0.1/'],
  ['http://0177.0.0.1/', 'http://127.0.0.1/'],
  ['http://①②⑦.0.0.1/', 'http://127.0.0.1/'],
  ['http://[0:0:0:0:0:0:0:1]/', 'http://[::1]/'],
  ['http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/'],
  ['http://@example.org/', 'http://example.org/'],
];

const INVALID: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  [' \t\n', /empty/],
  ['http:example.org', /no \/\//],
  ['http:/example.org', /no \/\//],
  ['https:', /no \/\//],
  ['http://', /no host/],
  ['http:///a.csv', /no host/],
  ['http://?q', /no host/],
  ['http://user@/', /no host/],
  ['http://:80/', /no host/],
  ['www.example.org/x.csv', /no scheme/],
  ['example.org:8080/x.csv', /no scheme/],
  ['localhost:8080', /no scheme/],
  ['server:8080/x', /no scheme/],
  ['//example.org/x.csv', /no scheme/],
  ['/x.csv', /no scheme/],
  ['not a url', /no scheme/],
  ['C:\\data\\x.csv', /path of a file/],
  ['http://exam ple.org/', /host is not valid|not a valid name/],
  ['http://exam%ple.org/', /not a valid name/],
  ['http://example.org:99999/', /port/],
  ['http://example.org:http/', /port/],
  ['http://1.2.3.4.5/', /not a valid name/],
  ['http://256.0.0.1/', /not a valid name/],
  ['http://[::1/', /not a valid name/],
  ['http://[::1%25lo]/', /not a valid name/],
  ['http://a..example/', /empty part/],
  ['http://.example/', /empty part/],
  [`http://${'a'.repeat(64)}.example/`, /too long/],
  [`http://${'a.'.repeat(130)}example/`, /too long/],
  [`http://example.org/${'a'.repeat(8200)}`, /longer than 8192/],
  [`http://example.org/${'ä'.repeat(3000)}`, /longer than 8192/],
];

const UNSUPPORTED = [
  'file:///etc/passwd',
  'ftp://example.org/x',
  'data:text/csv,a',
  'javascript:alert(1)',
  'mailto:a@b.example',
  'FILE:/etc/passwd',
  'gopher://127.0.0.1:70/',
  'htp://example.org/',
  'tel:12345',
];

describe('URLs as people write them', () => {
  for (const [written, asked] of ACCEPTED) {
    it(`asks for ${asked} when ${JSON.stringify(written.slice(0, 60))} is written`, () => {
      const parsed = parseUrl(written);
      assert.equal(parsed.kind === 'ok' ? parsed.url.href : parsed.reason, asked);
    });
  }

  for (const [written, reason] of INVALID) {
    it(`calls ${JSON.stringify(written.slice(0, 60))} invalid and says why`, () => {
      const parsed = parseUrl(written);
      assert.equal(parsed.kind, 'invalid');
      assert.equal(parsed.kind === 'invalid' && parsed.code, 'invalid-url');
      assert.match(parsed.kind === 'invalid' ? parsed.reason : '', reason);
    });
  }

  for (const written of UNSUPPORTED) {
    it(`names the scheme of ${written}`, () => {
      const scheme = written.slice(0, written.indexOf(':')).toLowerCase();
      assert.deepEqual(parseUrl(written), {
        kind: 'invalid',
        code: 'unsupported-scheme',
        reason: `Only the schemes http and https can be fetched, not ${scheme}.`,
      });
    });
  }

  it('takes credentials out of the URL, decoded', () => {
    const parsed = parseUrl('http://us%40er:p%C3%A4ss%zz@example.org/x');
    assert.equal(parsed.kind === 'ok' && parsed.url.href, 'http://example.org/x');
    assert.deepEqual(parsed.kind === 'ok' && parsed.credentials, { username: 'us@er', password: 'päss%zz' });
  });

  it('knows a name without a password', () => {
    const parsed = parseUrl('http://token@example.org/x');
    assert.deepEqual(parsed.kind === 'ok' && parsed.credentials, { username: 'token', password: '' });
  });

  it('never says a password in a reason', () => {
    for (const host of ['exam ple.org', ':99999', 'a..b', 'x:port', '']) {
      for (const password of ['secret', 'secret/2', 'secret?', 'secret#']) {
        const parsed = parseUrl(`http://user:${password}@${host}/`);
        assert.equal(parsed.kind, 'invalid');
        assert.doesNotMatch(JSON.stringify(parsed), /secret/);
      }
    }
  });

  it('comes to the same URL when its own result is written again', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl({ withQueryParameters: true }),
          fc.string({ unit: 'grapheme' }).map((text) => `http://example.org/${text}`),
        ),
        (text) => {
          const once = parseUrl(text);
          if (once.kind === 'invalid') return;
          const twice = parseUrl(once.url.href);
          assert.equal(twice.kind === 'ok' && twice.url.href, once.url.href);
        },
      ),
    );
  });

  it('answers for any text, and asks only for http without credentials', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'http',
        's',
        ':',
        '/',
        '//',
        '\\',
        '@',
        '?',
        '#',
        '%',
        '%41',
        '[',
        ']',
        '::1',
        '.',
        'a',
        ' ',
        '\n',
        '\u0000',
        'ü',
        '\ud800',
        '80',
        '0x7f',
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: 'binary' }),
          pieces.map((parts) => parts.join('')),
        ),
        (text) => {
          const parsed = parseUrl(text);
          redactUrl(text);
          if (parsed.kind === 'invalid') return assert.notEqual(parsed.reason, '');
          assert.match(parsed.url.href, /^https?:\/\/[^/?#@]+\/[\x21-\x7e]*$/);
        },
      ),
    );
  });
});
