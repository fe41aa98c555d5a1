import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redactUrl } from '../../plugin/decide/redactUrl.ts';

describe('a redacted URL', () => {
  it('hides credentials however broken the rest is', () => {
    assert.equal(redactUrl('http://user:secret@example.org/a?b#c'), 'http://example.org/a?b#c');
    assert.equal(redactUrl(new URL('http://user:secret@example.org/')), 'http://example.org/');
    assert.equal(redactUrl('http://user:secret@exam ple.org/'), 'http://exam ple.org/');
    assert.equal(redactUrl('http:user:secret@example.org/'), 'http:example.org/');
    assert.equal(redactUrl('http://user:sec/ret@exam ple.org/'), 'http://exam ple.org/');
    assert.equal(redactUrl('http://example.org/@home'), 'http://example.org/@home');
  });
});
