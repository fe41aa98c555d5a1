import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Archival } from '../../plugin/model/archival.ts';
import { badgeOf } from '../../plugin/show/badge/badgeOf.ts';
import { OWN_LANGUAGES } from '../../plugin/show/badge/languages.ts';
import { ShownPortal } from '../support/shownPortal.ts';

const COPIED = { storedAt: new Date('2026-05-03T10:00:00Z') };
const archival = (changes: Partial<Archival>) =>
  ({
    code: 'gone',
    broken: true,
    linkFailureCount: 3,
    firstFailureAt: new Date('2026-05-09T00:00:00Z'),
    ...changes,
  }) as Archival;

const en = (changes: Partial<Archival> | null, newest: typeof COPIED | null = COPIED) => {
  const subject = { archival: changes && archival(changes), newest, confirmFailures: 3 };
  const words = OWN_LANGUAGES.en ?? assert.fail('no English');
  return badgeOf(subject, 'en-GB', words);
};

describe('a badge', () => {
  it('says in words that anybody understands how a resource stands', () => {
    const works = { code: 'archived', broken: false, linkFailureCount: 0, firstFailureAt: null } as const;
    assert.equal(en(works).message, 'Copy of 3 May 2026');
    assert.equal(en({}).message, "Copy of 3 May 2026, the publisher's link is broken since 9 May 2026");
    assert.equal(en({ linkFailureCount: 1 }).state, 'unsure');
    assert.equal(en({}, null).message, "No copy, the publisher's link is broken since 9 May 2026");
    assert.equal(en({ code: 'not-data', broken: null, linkFailureCount: 0 }, null).state, 'withoutCopy');
    assert.deepEqual([en(null, null).state, en({ code: null }, null).state], ['pending', 'pending']);
  });

  it('has every sentence in every language, with the same dates', () => {
    const datesOf = (text: string) => text.match(/\{\w+\}/g)?.sort() ?? [];
    const english = Object.entries(OWN_LANGUAGES.en ?? {});
    for (const [language, words] of Object.entries(OWN_LANGUAGES)) {
      for (const [name, text] of english) {
        const said: string = Reflect.get(words, name);
        assert.deepEqual(datesOf(said), datesOf(text), `${language} ${name}`);
      }
    }
  });
});

describe('the badges of a resource', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    const pt = { archived: 'Cópia de {copied} <b>' };
    portal = await ShownPortal.open({ badgeWords: { pt } });
    await portal.database.knex('package').insert({ id: 'd1', name: 'one', title: 'One', private: false });
    portal.files.set('/one.csv', { body: 'a\n1\n' });
    await portal.archived('r1', '/one.csv');
  });
  afterEach(() => portal.close());

  const get = (kind: string, language = '') =>
    portal.agent().get(`/resources/r1/badge.${kind}`).set('Accept-Language', language).buffer(true);

  it('are a picture, JSON as shields.io reads it, and a snippet with a link to the copy', async () => {
    const svg = await get('svg').expect(200);
    assert.match(svg.headers['content-type'] ?? '', /^image\/svg\+xml/);
    assert.match(svg.body.toString(), /^<svg .*archive: Copy of .*url\(#r[\w-]{43}\)/s, 'with ids of its own');
    const { body } = await get('json').expect(200);
    assert.deepEqual(
      [body.schemaVersion, body.label, body.color, body.state],
      [1, 'archive', 'brightgreen', 'archived'],
    );
    const { text } = await get('html').expect(200);
    assert.match(
      text,
      /^<span class="archive-status archive-status-archived" lang="en"><a href="http[^"]+\/one\.csv">Copy of /,
    );
  });

  it('speak the language of the caller, or that of ?lang, also one that the portal adds', async () => {
    const message = async (language: string, query = '') =>
      (await portal.agent().get(`/resources/r1/badge.json${query}`).set('Accept-Language', language).expect(200)).body
        .message;
    assert.match(await message('de-AT, en;q=0.5'), /^Kopie vom \d+\. /);
    assert.match(await message('fr'), /^Copie du /);
    assert.match(await message('es'), /^Copia del /);
    assert.match(await message('xx'), /^Copy of /);
    assert.match(await message('fr', '?lang=de'), /^Kopie/);
    assert.match(await message('fr', '?lang=DE-at'), /^Kopie/);
    assert.match(await message('pt'), /^Cópia de .* <b>$/);
    assert.match((await get('html', 'pt').expect(200)).text, /Cópia de [^<]* &lt;b&gt;/);
    assert.match((await get('svg', 'pt').expect(200)).body.toString(), /&lt;b&gt;/);
  });

  it('are kept by caches where anybody may see them, and are nothing for who may not', async () => {
    const { headers } = await get('json').expect(200);
    assert.deepEqual([headers['cache-control'], headers.vary], ['public, max-age=300', 'Accept-Language']);
    await get('json')
      .set('If-None-Match', headers.etag ?? '')
      .expect(304);
    await portal.archived('hidden', '/one.csv', 'secret');
    await portal.agent().get('/resources/hidden/badge.svg').expect(404);
    const shown = await portal.agent().get('/resources/hidden/badge.json').set('Authorization', 'admin').expect(200);
    assert.equal(shown.headers['cache-control'], 'private, no-store');
    await portal.agent().get('/resources/none/badge.html').expect(404);
  });
});
