import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import type { Sniffed, SniffInput } from '../../plugin/fetch/sniff/Finding.ts';
import { sniff } from '../../plugin/fetch/sniff/sniff.ts';

function sniffed(head: string | Uint8Array, more: Partial<SniffInput> = {}): Sniffed {
  const input = { complete: true, contentType: null, declaredFormat: null, name: null, url: 'http://a.example/x' };
  return sniff({ ...input, head: Buffer.from(head), ...more });
}

describe('the character set', () => {
  const csv = 'Straße,Größe\nÄpfel,1\nÖl,2\n';
  const rows: readonly (readonly [string, string, Uint8Array, string | null])[] = [
    ['UTF-8 by its bytes', 'utf-8', Buffer.from(csv), null],
    ['UTF-8 by its bytes against the Content-Type', 'utf-8', Buffer.from(csv), 'text/csv; charset=iso-8859-1'],
    ['UTF-8 by its mark', 'utf-8', Buffer.from(`\ufeff${csv}`), null],
    ['UTF-16 by its mark', 'utf-16le', iconv.encode(csv, 'utf-16le', { addBOM: true }), null],
    ['UTF-16BE by its mark', 'utf-16be', iconv.encode(csv, 'utf-16be', { addBOM: true }), 'text/csv; charset=utf-8'],
    ['UTF-16 without a mark', 'utf-16le', iconv.encode(csv, 'utf-16le'), null],
    ['UTF-16BE without a mark', 'utf-16be', iconv.encode(csv, 'utf-16be'), null],
    ['what the Content-Type says', 'iso-8859-15', iconv.encode(csv, 'iso-8859-15'), 'text/csv; charset="ISO-8859-15"'],
    ['what the Content-Type says of ASCII', 'iso-8859-1', Buffer.from('a,b\n1,2\n'), 'text/csv;charset=iso-8859-1'],
    ['windows-1252 where nothing says more', 'windows-1252', iconv.encode(csv, 'latin1'), null],
    ['windows-1252 where UTF-8 is a lie', 'windows-1252', iconv.encode(csv, 'latin1'), 'text/csv; charset=utf-8'],
    [
      'windows-1252 where the name is nonsense',
      'windows-1252',
      iconv.encode(csv, 'latin1'),
      'text/csv; charset=klingon',
    ],
    ['Shift_JIS', 'shift_jis', iconv.encode('名前,年齢\n太郎,3\n花子,4\n', 'shift_jis'), 'text/csv; charset=Shift_JIS'],
  ];
  for (const [what, charset, head, contentType] of rows) {
    it(`is ${what}, and the text is read by it`, () => {
      const found = sniffed(head, { contentType });
      assert.deepEqual([found.charset, found.format], [charset, 'CSV']);
    });
  }
  it('is what an XML declaration says', () =>
    assert.equal(
      sniffed(iconv.encode('<?xml version="1.0" encoding="ISO-8859-2"?><a>ž</a>', 'iso-8859-2')).charset,
      'iso-8859-2',
    ));
  it('is what a meta element says', () =>
    assert.equal(
      sniffed(iconv.encode('<html><meta charset=windows-1251><p>Привет', 'windows-1251')).charset,
      'windows-1251',
    ));
});

it('any bytes with any labels have an answer that agrees with itself', () => {
  const part = fc.constantFrom(
    '<html>',
    '{"a":',
    '<?xml ',
    'a,b\n',
    '\ufeff',
    'PK\x03\x04',
    '\xff\xfe',
    '<a b="',
    '"',
    '@prefix a: <',
    ']',
    '\0',
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(part).map((parts) => Buffer.from(parts.join(''), 'latin1')),
  );
  const label = fc.option(
    fc.oneof(fc.string(), fc.constantFrom('text/csv', 'text/html; charset=utf-16', 'CSV', 'a.json')),
  );
  fc.assert(
    fc.property(
      bytes,
      fc.boolean(),
      label,
      label,
      label,
      fc.string(),
      (head, complete, contentType, declaredFormat, name, url) => {
        const found = sniff({ head, complete, contentType, declaredFormat, name, url });
        assert.equal(found.data, found.notData === null);
        assert.match(found.mediaType, /^[\w.+*-]+\/[\w.+*-]+$/);
        assert.ok(found.format !== 'HTML' || !found.data);
      },
    ),
    { numRuns: 1000 },
  );
});

describe('hostile text', () => {
  const starts = ['', '<html>', '<?xml version="1.0"?>', '{"a":"', '<!DOCTYPE a [', '<a:b ', '"'];
  const signs = [
    '<',
    '[',
    '{"a":',
    '"',
    ' ',
    '\n',
    '<!--',
    '<title',
    '<a ',
    '&',
    ',',
    '\\',
    '<?',
    '@prefix ',
    '"""',
    '<x> <y> ',
  ];
  for (const start of starts) {
    // What needs more than linear time shows as a test that takes minutes.
    it(`that begins ${JSON.stringify(start)} and repeats one pattern for 64 KiB has an answer`, () => {
      for (const sign of signs) {
        const head = start + sign.repeat(65_536 / sign.length);
        assert.equal(typeof sniffed(head, { complete: false, declaredFormat: 'TTL' }).format, 'string');
      }
    });
  }
});
