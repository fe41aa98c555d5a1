import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mailAddressOf, mailboxOf } from '../../plugin/decide/mail/mailAddress.ts';

const ADDRESSES = [
  ['a@b.example', 'a@b.example'],
  ['  First.Last+data@mail.Example ', 'First.Last+data@mail.Example'],
  ['mailto:a@b.example', 'a@b.example'],
  ['jörg@müller.example', 'jörg@müller.example'],
] as const;

const OTHERS = [
  ['nothing', ''],
  ['no address', 'ask at the desk'],
  ['several', 'a@b.example, c@d.example'],
  ['a name beside it', 'Ann <a@b.example>'],
  ['a host without a domain', 'root@localhost'],
  ['an address literal', 'a@[127.0.0.1]'],
  ['a quoted local part', '"a b"@c.example'],
  ['a line of its own', 'a@b.example\r\nBcc: c@d.example'],
  ['a line inside', 'a\n@b.example'],
  ['a character that turns directions', 'a\u202e@b.example'],
  ['two at signs', 'a@b@c.example'],
  ['an option of a program', 'a@-b.example'],
  [
    'more than 254 characters',
    `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(20)}`,
  ],
] as const;

describe('mailAddressOf', () => {
  for (const [text, address] of ADDRESSES)
    it(`takes ${JSON.stringify(text)}`, () => assert.equal(mailAddressOf(text), address));
  for (const [what, text] of OTHERS) it(`refuses ${what}`, () => assert.equal(mailAddressOf(text), null));
  it('leaves the spelling, by which a mailbox is not told from another', () => {
    assert.equal(mailboxOf('A@B.example'), mailboxOf('a@b.EXAMPLE'));
  });
});
