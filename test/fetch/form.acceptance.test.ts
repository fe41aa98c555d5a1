import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { licenceForm } from '../../plugin/fetch/form/licenceForm.ts';
import { readForms } from '../../plugin/fetch/form/readForms.ts';
import { isSameSite, matchesPattern, matchesUrl } from '../../plugin/fetch/form/sites.ts';
import type { Attempt } from '../../plugin/model/attempt.ts';
import type { Config } from '../../plugin/settings/Config.ts';
import { MemoryStages, requestFor, testFetcher } from '../support/fetching.ts';
import { type Asked, type PageServer, sendPage, sendTable, startPageServer } from '../support/pageServer.ts';

const LICENCE = '<h1>Licence</h1><p>Read the licence terms.</p>';
const form = (fields: string, action = '/accept', method = 'post') =>
  `${LICENCE}<form method="${method}" action="${action}">${fields}</form>`;
const ACCEPT = '<button>I accept</button>';

const pages: Readonly<Record<string, string>> = {
  '/plain': form(`<input type=hidden name=token value="a b&amp;c"><label><input type=checkbox name=ok value=1 required>
    I accept the licence</label><input type=submit name=go value=Download>`),
  '/get': form(`<input type=hidden name=ok value=1>${ACCEPT}`, '/file', 'get'),
  '/email': form(`<input type=email name=mail>${ACCEPT}`),
  '/text': form(`<input name=organisation>${ACCEPT}`),
  '/password': form(`<input type=password name=p>${ACCEPT}`),
  '/upload': form(`<input type=file name=f>${ACCEPT}`),
  '/choice': form(`<select name=s><option>a</select>${ACCEPT}`),
  '/captcha': form(`<div class="g-recaptcha"></div>${ACCEPT}`),
  '/two': form(ACCEPT) + form(ACCEPT),
  '/nested': form(`<form action="/accept">${ACCEPT}</form>`),
  '/elsewhere': form(ACCEPT, 'https://example.org/accept'),
  '/port': form(ACCEPT, 'http://127.0.0.1:9/accept'),
  '/private': form(ACCEPT, 'http://10.0.0.1/accept'),
  '/formaction': form('<button formaction="https://example.org/x">I accept</button>'),
  '/cookies': `<p>Licence terms</p><form method=post action=/accept><button>Accept all cookies</button></form>`,
  '/newsletter': form(`<label><input type=checkbox name=n required> I agree to the newsletter</label>${ACCEPT}`),
  '/decline': form('<button>I do not accept</button>'),
  '/words': '<h1>Data</h1><form method=post action=/accept><button>Go</button></form>',
  '/repeat': form(ACCEPT, '/repeat'),
  '/loop': form(ACCEPT, '/loop-a'),
  '/again': form(ACCEPT, '/post-again'),
  '/gone': form(ACCEPT, '/missing'),
  '/thanks': form(ACCEPT, '/thank-you'),
};

describe('A licence form', () => {
  let server: PageServer;

  before(async () => {
    const answers: Readonly<Record<string, (asked: Asked, response: ServerResponse) => void>> = {
      '/repeat': (_asked, response) => sendPage(response, `${form(ACCEPT, '/repeat')}<i>${server.asked.length}</i>`),
      '/accept': ({ body }, response) => {
        const cookie = `licence=${body.includes('ok=1') ? 'yes' : 'no'}`;
        response.writeHead(303, { location: '/plain', 'set-cookie': cookie }).end();
      },
      '/file?ok=1': (_asked, response) => sendTable(response),
      '/loop-a': (_asked, response) => response.writeHead(302, { location: '/loop-b' }).end(),
      '/loop-b': (_asked, response) => response.writeHead(302, { location: '/loop-a' }).end(),
      '/post-again': (_asked, response) => response.writeHead(307, { location: '/accept' }).end(),
      '/thank-you': (_asked, response) =>
        sendPage(response, '<h1>Thank you</h1><a href="/file?ok=1">Download the CSV</a>'),
    };
    server = await startPageServer((asked, response) => {
      const page = pages[asked.path];
      const answer = answers[asked.path];
      if (asked.headers.cookie === 'licence=yes') sendTable(response);
      else if (answer) answer(asked, response);
      else if (page !== undefined) sendPage(response, page);
      else response.writeHead(404).end();
    });
  });
  beforeEach(() => server.asked.splice(0));
  after(() => server.close());

  async function fetched(
    path: string,
    settings: Partial<Config> = { acceptLicences: ['127.0.0.1'] },
  ): Promise<Attempt> {
    const fetcher = testFetcher(settings);
    const stages = new MemoryStages();
    try {
      const attempt = await fetcher.fetch(requestFor(`${server.site}${path}`), stages, new AbortController().signal);
      assert.equal(stages.open, 0);
      return attempt;
    } finally {
      await fetcher.close();
    }
  }

  it('is accepted once on a listed host, and what was accepted is kept', async () => {
    const attempt = await fetched('/plain');
    assert.equal(attempt.code, 'archived');
    assert.equal(attempt.bytes, 29);
    assert.deepEqual(
      server.asked.map(({ method, path, body }) => [method, path, body]),
      [
        ['GET', '/plain', ''],
        ['POST', '/accept', 'token=a+b%26c&ok=1&go=Download'],
        ['GET', '/plain', ''],
      ],
    );
    assert.equal(server.asked[1]?.headers['content-type'], 'application/x-www-form-urlencoded');
    assert.equal(server.asked[1]?.headers.origin, server.site);
    const [accepted, ...others] = attempt.accepted ?? [];
    assert.equal(others.length, 0);
    assert.equal(accepted?.mode, 'automatic');
    assert.equal(accepted?.url, `${server.site}/plain`);
    assert.match(accepted?.text ?? '', /^Licence Read the licence terms\. I accept the licence/);
    assert.equal(
      accepted?.sha256,
      createHash('sha256')
        .update(accepted?.text ?? '')
        .digest('hex'),
    );
  });

  it('may be sent by GET', async () => {
    assert.equal((await fetched('/get')).code, 'archived');
  });

  it('may end on a page of thanks with one clear link to the file', async () => {
    assert.equal((await fetched('/thanks')).code, 'archived');
  });

  it('is left alone by default, and on hosts that are not listed', async () => {
    for (const acceptLicences of [[], ['example.org'], ['*.0.0.1']]) {
      const attempt = await fetched('/plain', { acceptLicences });
      assert.equal(attempt.code, 'not-data');
      assert.equal(attempt.accepted, undefined);
    }
    assert.equal(server.asked.length, 3);
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['/email', 'asks for an e-mail address', /more than an acceptance: email "mail"/],
    ['/text', 'asks for words', /more than an acceptance: text "organisation"/],
    ['/password', 'asks for a password', /password/],
    ['/upload', 'asks for a file', /file "f"/],
    ['/choice', 'asks for a choice', /select "s"/],
    ['/captcha', 'asks for a proof of being a person', /proof of being a person/],
    ['/two', 'is one of two', /2 forms/],
    ['/nested', 'has a form within it', /a form begins within the form/],
    ['/elsewhere', 'posts to another site', /another site: example\.org/],
    ['/port', 'posts to another port of an address', /another site: 127\.0\.0\.1:9/],
    ['/private', 'posts to a private address', /another site: 10\.0\.0\.1/],
    ['/formaction', 'has a button that posts elsewhere', /another site: example\.org/],
    ['/cookies', 'asks for cookies', /something else than a licence/],
    ['/newsletter', 'asks for a newsletter', /asks for something else/],
  ];
  for (const [path, title, reason] of refused) {
    it(`that ${title} is not sent`, async () => {
      const attempt = await fetched(path);
      assert.equal(attempt.code, 'not-data');
      assert.match(attempt.reason, reason);
      assert.deepEqual(
        server.asked.map(({ method, path: one }) => `${method} ${one}`),
        [`GET ${path}`],
      );
    });
  }

  it('that declines, or says nothing of a licence, is not sent', async () => {
    for (const path of ['/decline', '/words']) assert.equal((await fetched(path)).code, 'not-data');
    assert.equal(server.asked.length, 2);
  });

  const broken: readonly (readonly [string, string, RegExp, number])[] = [
    ['/repeat', 'comes back for ever is sent once', /still answers with a page/, 2],
    ['/loop', 'redirects in a circle ends', /go round in a circle/, 3],
    ['/again', 'is to be sent again by a redirect is not', /send a form a second time \(307\)/, 2],
    ['/gone', 'leads to nothing is no broken link', /no such file/, 2],
  ];
  for (const [path, title, reason, requests] of broken) {
    it(`that ${title}`, async () => {
      const attempt = await fetched(path);
      assert.equal(attempt.code, 'not-data');
      assert.match(attempt.reason, reason);
      assert.equal(attempt.requests, requests);
      assert.equal(attempt.accepted?.length, 1);
    });
  }

  it('is found with a search box beside it, and its own fields elsewhere on the page', () => {
    const html = `<form role=search><input name=q></form>${LICENCE}<form id=l method=post action=/a></form>
      <input type=checkbox name=ok form=l><button form=l>I agree</button>`;
    const found = licenceForm(readForms(html, 'https://a.example/'));
    assert.equal(found.kind, 'form');
  });

  it('with 10,000 fields, or in a page of 200,000 forms, is not read to its end', () => {
    const wide = form(`${'<input type=hidden name=x>'.repeat(10_000)}${ACCEPT}`);
    const many = `${LICENCE}${'<form action=/x><button>I accept</button></form>'.repeat(200_000)}`;
    for (const html of [wide, many]) {
      const page = readForms(html, 'https://a.example/');
      assert.ok(page.forms.length <= 20 && page.isCut);
      assert.equal(licenceForm(page).kind, 'none');
    }
  });
});

describe('A site', () => {
  it('is the origin, or a host of the same registrable domain that is no less secure', () => {
    const same = (one: string, other: string) => isSameSite(one, other);
    assert.ok(same('https://www.example.org/a', 'https://data.example.org/b'));
    assert.ok(same('http://example.org/', 'https://example.org/'));
    assert.ok(!same('https://example.org/', 'http://example.org/'));
    assert.ok(!same('https://a.co.uk/', 'https://b.co.uk/'));
    assert.ok(!same('https://a.github.io/', 'https://b.github.io/'));
    assert.ok(!same('http://127.0.0.1:1/', 'http://127.0.0.1:2/'));
    assert.ok(!same('http://example.org/', 'http://example.org:8080/'));
  });

  it('is not left by a star in the host of a pattern', () => {
    assert.ok(matchesUrl('https://*.example.org/*', 'https://a.example.org/x?y'));
    assert.ok(!matchesUrl('https://*.example.org/*', 'https://evil.example/a.example.org/x'));
    assert.ok(matchesPattern('*/out/*', 'http://a/out/b'));
    assert.ok(!matchesPattern('a*a', 'a'));
  });
});
