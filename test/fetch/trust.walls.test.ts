import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { costOf } from '../../plugin/decide/fetchCost.ts';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { CSV, fetchOnce } from '../support/fetching.ts';
import { answer, OddServer, type Reply } from '../support/oddServer.ts';

const HTML = { 'content-type': 'text/html; charset=utf-8' };
const page = (head: string, body = 'Please wait.') =>
  `<!doctype html><html><head><title>data.example</title>${head}</head><body>${body}</body></html>`;

const CLOUDFLARE = page("<script>window._cf_chl_opt={cvId:'3',cType:'managed'};</script>");
const AWS = page('<script>window.awsWafCookieDomainList=[];window.gokuProps={};</script>');
const IMPERVA = page(
  '',
  '<iframe id="main-iframe" src="/_Incapsula_Resource?CWUDNSAI=9&xinfo=1&SWUDNSAI=31"></iframe>',
);
const ANUBIS = page('<script id="anubis_challenge" type="application/json">{}</script>');
const CAPTCHA = page('<script src="https://js.hcaptcha.com/1/api.js" async></script>');

const fetched = async (reply: Reply | readonly Reply[], path = '/f.csv', format = 'CSV'): Promise<Attempt> =>
  fetchOnce(await OddServer.start({ [path]: reply }), path, { request: { declaredFormat: format } });

describe('a bot wall', () => {
  const walls: readonly (readonly [string, Reply])[] = [
    ['202, empty, of AWS', answer(202, { 'x-amzn-waf-action': 'challenge' })],
    [
      '202, empty, of AWS, that asks to come again',
      answer(202, { 'x-amzn-waf-action': 'challenge', 'retry-after': '0' }),
    ],
    ['405, a captcha of AWS', answer(405, { 'x-amzn-waf-action': 'captcha', ...HTML }, AWS)],
    ['403 of Cloudflare by its head', answer(403, { 'cf-mitigated': 'challenge' }, 'x')],
    ['200 by its head', answer(200, { 'cf-mitigated': 'challenge' }, CSV)],
    ...[200, 202, 403, 405, 429, 503].map((status): readonly [string, Reply] => [
      `${status} of Cloudflare by its page`,
      answer(status, HTML, CLOUDFLARE),
    ]),
    ['200 of Imperva by its page', answer(200, HTML, IMPERVA)],
    ['403 of Anubis by its page', answer(403, HTML, ANUBIS)],
    ['403 with a captcha', answer(403, HTML, CAPTCHA)],
  ];
  for (const [what, reply] of walls) {
    it(`is forbidden after one request: ${what}`, async () => {
      const { kind, code, transient, broken, requests, reason } = await fetched(reply);
      assert.deepEqual([kind, code, transient, broken, requests], ['failed', 'forbidden', false, null, 1]);
      assert.match(reason, /^A bot wall /);
    });
  }

  it('that asks for a pause is given it, for its whole host', async () => {
    const { code, retryAfterMs } = await fetched(answer(429, { ...HTML, 'retry-after': '9' }, CLOUDFLARE));
    assert.deepEqual([code, retryAfterMs], ['forbidden', 9000]);
  });

  const others: readonly (readonly [string, Reply, string])[] = [
    ['403 with a page of its own', answer(403, HTML, page('')), 'forbidden'],
    ['503 with a page of its own', answer(503, HTML, page('', 'Wartung')), 'http-error'],
    ['429 without a page', answer(429, {}), 'rate-limited'],
    ['a page with a captcha in its form', answer(200, HTML, CAPTCHA), 'not-data'],
    [
      'a page that Cloudflare watches',
      answer(200, HTML, page('<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>')),
      'not-data',
    ],
    ['a file that a wall let pass', answer(200, { 'x-amzn-waf-action': 'allow', 'cf-ray': '1-FRA' }, CSV), 'archived'],
    ['a table of challenges', answer(200, {}, 'sign,owner\n_cf_chl_opt,Cloudflare\ngokuProps,AWS\n'), 'archived'],
  ];
  for (const [what, reply, code] of others) {
    it(`is not seen in ${what}`, async () => {
      const attempt = await fetched(reply);
      assert.equal(attempt.code, code);
      assert.doesNotMatch(attempt.reason, /bot wall/);
    });
  }
});

describe('202', () => {
  const JSON_STATE = { 'content-type': 'application/json' };

  it('is asked again where it tells of its state in JSON, or when to come', async () => {
    const state = answer(202, JSON_STATE, '{"state":"running"}');
    const soon = answer(202, { 'retry-after': '0' });
    const { code, requests } = await fetched([state, soon, answer(200, {}, CSV)]);
    assert.deepEqual([code, requests], ['archived', 3]);
  });

  for (const [what, reply] of [
    ['is empty', answer(202, {})],
    ['is a page', answer(202, HTML, page(''))],
    ['is text', answer(202, {}, CSV)],
    ['names a wait that cannot be read', answer(202, { 'retry-after': 'soon' })],
  ] as const) {
    it(`is asked once where it ${what}; the queue tries later`, async () => {
      const { code, status, transient, broken, requests } = await fetched([reply, answer(200, {}, CSV)]);
      assert.deepEqual([code, status, transient, broken, requests], ['http-error', 202, true, null, 1]);
    });
  }

  it('is waited for no longer than two minutes', async () => {
    const server = await OddServer.start({ '/f.csv': answer(202, { 'retry-after': '121' }) });
    const { code, requests, retryAfterMs } = await fetchOnce(server, '/f.csv', {
      settings: { totalTimeoutMs: 3_600_000 },
    });
    assert.deepEqual([code, requests, retryAfterMs], ['http-error', 1, 121_000]);
  });

  for (const [what, headers, waitMs] of [
    ['is JSON', JSON_STATE, 0],
    ['says when to come again', { 'retry-after': '5' }, 5000],
    ['says nothing', {}, null],
  ] as const) {
    it(`ends the attempt of who waits without a place of the host, where it ${what}`, async () => {
      const server = await OddServer.start({ '/f.csv': [answer(202, headers, '{}'), answer(200, {}, CSV)] });
      const attempt = await fetchOnce(server, '/f.csv', { request: { waitsFor202: false } });
      assert.deepEqual([attempt.code, attempt.transient, attempt.requests], ['http-error', true, 1]);
      assert.deepEqual([attempt.status, attempt.retryAfterMs, costOf(attempt).retryAfterMs], [202, waitMs, null]);
    });
  }
});
