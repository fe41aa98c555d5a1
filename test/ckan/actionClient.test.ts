import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ActionClient } from '../../plugin/portal/ckan/actionClient.ts';
import { identifyPortal, siteOf } from '../../plugin/portal/ckan/identifyPortal.ts';
import { type ClientSurroundings, clientSurroundings } from '../support/ckanClient.ts';
import { type FakeAnswer, FakeCkan } from '../support/fakeCkan.ts';

describe("CKAN's Action API from outside", () => {
  const ckan = new FakeCkan('/data');
  const other = new FakeCkan();
  let deps: ClientSurroundings;
  before(async () => {
    await ckan.start();
    await other.start();
    deps = clientSurroundings();
  });
  after(async () => {
    await deps.close();
    await ckan.stop();
    await other.stop();
  });
  beforeEach(() => {
    ckan.calls.length = 0;
    other.calls.length = 0;
    deps.waits.length = 0;
    ckan.intercept = () => null;
    ckan.tokens.clear();
  });
  const client = (token: string | null = null) => new ActionClient({ ...deps, site: ckan.site, token });
  /** The answers in this order, the last one from then on. */
  const answering = (...answers: FakeAnswer[]) => {
    ckan.intercept = () => (answers.length > 1 ? answers.shift() : answers[0]) ?? null;
  };
  const html = (status: number, headers = {}): FakeAnswer => ({ status, body: '<!doctype html><p>Wait</p>', headers });

  it('is asked below the path that the site has, by GET', async () => {
    assert.deepEqual(await client().read('package_search', { rows: 0 }), {
      kind: 'ok',
      result: { count: 0, results: [], facets: {}, search_facets: {} },
    });
    assert.deepEqual(ckan.calls, [
      { action: 'package_search', method: 'GET', parameters: { rows: '0' }, authorization: null, cookie: null },
    ]);
  });

  it('is asked by POST where the query would be too long, or holds a list', async () => {
    await client().read('package_search', { fq: 'x'.repeat(3000) });
    await client().read('package_search', { fq_list: ['a:b'] });
    assert.deepEqual(
      ckan.calls.map(({ method }) => method),
      ['POST', 'POST'],
    );
  });

  it('keeps no cookie, which CKAN 2.10 sends with every answer', async () => {
    const one = client();
    await one.read('status_show');
    await one.read('status_show');
    assert.equal(ckan.calls.at(-1)?.cookie, null);
  });

  it('is told of validation errors field by field', async () => {
    assert.deepEqual(await client().read('package_search', { rows: -1 }), {
      kind: 'refused',
      status: 409,
      type: 'Validation Error',
      message: 'rows: Must be a natural number',
      isTransient: false,
      retryAfterMs: null,
    });
    assert.equal(ckan.calls.length, 1);
  });

  it('is told of errors that are bare texts', async () => {
    const answered = await client().read('nosuch');
    assert.equal(answered.kind === 'refused' && answered.message, 'Bad request - Action name not known: nosuch');
  });

  it('is told of web pages in place of an answer, which are not asked for again', async () => {
    for (const status of [200, 403, 404, 415]) {
      answering(html(status));
      const answered = await client().read('package_list');
      assert.equal(answered.kind === 'unavailable' && answered.message, `it answered ${status} with a web page`);
    }
    assert.equal(ckan.calls.length, 4);
  });

  it('is told of a redirect, which is not followed', async () => {
    answering({ status: 302, body: '', headers: { location: `${other.site}/api/3/action/package_search` } });
    const answered = await client('secret').read('package_list');
    assert.equal(answered.kind === 'unavailable' && answered.code, 'redirect');
    assert.deepEqual(other.calls, []);
  });

  it('asks a busy portal again, after the wait that it names', async () => {
    answering(html(429, { 'retry-after': '7' }), html(503), { status: 200, body: { success: true, result: [] } });
    assert.deepEqual(await client().read('package_list'), { kind: 'ok', result: [] });
    assert.deepEqual(deps.waits, [7000, 5000]);
  });

  it('gives up after four tries, and at once where the wait would be long', async () => {
    answering(html(502));
    assert.equal((await client().read('package_list')).kind, 'unavailable');
    assert.equal(ckan.calls.length, 4);
    ckan.calls.length = 0;
    answering(html(429, { 'retry-after': '600' }));
    assert.equal((await client().read('package_list')).kind, 'unavailable');
    assert.equal(ckan.calls.length, 1);
  });

  it('sends a write again only where it did not happen', async () => {
    answering(html(502));
    await client().write('resource_patch', { id: '1' });
    assert.equal(ckan.calls.length, 1);
    ckan.calls.length = 0;
    const body = { success: false, error: { __type: 'Search Index Error', message: 'Unable to add' } };
    answering({ status: 500, body }, { status: 200, body: { success: true, result: {} } });
    assert.equal((await client().write('resource_patch', { id: '1' })).kind, 'ok');
    assert.equal(ckan.calls.length, 2);
  });

  it('has three requests under way at most', async () => {
    let active = 0;
    let most = 0;
    const one = new ActionClient({
      ...deps,
      site: ckan.site,
      token: null,
      async exchange(request) {
        active += 1;
        most = Math.max(most, active);
        const answer = await deps.exchange(request);
        active -= 1;
        return answer;
      },
    });
    await Promise.all(Array.from({ length: 12 }, () => one.read('status_show')));
    assert.equal(most, 3);
  });

  it('names the setting that a portal in a private network needs', async () => {
    const guarded = clientSurroundings({}, '10.9.8.7/32');
    await assert.rejects(new ActionClient({ ...guarded, site: ckan.site, token: null }).result('status_show'), {
      code: 'portal-failed',
      message: /ARCHIVER_ALLOW_NETWORKS/,
    });
    await guarded.close();
  });

  describe('when a portal is looked for', () => {
    it('takes what people copy for the site', () => {
      assert.equal(siteOf('data.example.org'), 'https://data.example.org');
      assert.equal(siteOf('https://data.example.org/base/api/3/action/'), 'https://data.example.org/base');
      assert.equal(siteOf('http://data.example.org/dataset/'), 'http://data.example.org');
      for (const wrong of ['ftp://data.example.org', 'https://user:secret@data.example.org', 'https://'])
        assert.throws(() => siteOf(wrong), { code: 'invalid-request' });
    });

    it('says version, title and whose token it is', async () => {
      ckan.tokens.set('good', { name: 'editor', sysadmin: false });
      const { client: _, ...found } = await identifyPortal(ckan.site, { ...deps, token: 'good' });
      const user = { name: 'editor', isSysadmin: false };
      assert.deepEqual(found, { site: ckan.site, version: '2.11.6', title: 'Fake', user });
      assert.deepEqual(
        ckan.calls.map(({ action, authorization }) => [action, authorization]),
        [
          ['status_show', null],
          ['user_show', 'good'],
        ],
      );
    });

    it('tells of a wrong token instead of going on as nobody', async () => {
      await assert.rejects(identifyPortal(ckan.site, { ...deps, token: 'revoked' }), {
        code: 'settings-invalid',
        message: /does not know the token/,
      });
    });

    it('needs neither status_show nor package_list', async () => {
      ckan.intercept = ({ action }) => (action === 'package_search' ? null : html(403));
      assert.equal((await identifyPortal(ckan.site, { ...deps, token: null })).version, null);
    });

    it('goes where the portal has moved, but not with a token', async () => {
      ckan.intercept = ({ action }) => ({
        status: 301,
        body: '',
        headers: { location: `${other.site}/api/3/action/${action}` },
      });
      assert.equal((await identifyPortal(ckan.site, { ...deps, token: null })).site, other.site);
      await assert.rejects(identifyPortal(ckan.site, { ...deps, token: 'good' }), { code: 'settings-invalid' });
      assert.ok(other.calls.every(({ authorization }) => authorization === null));
    });

    it('fails where no CKAN answers', async () => {
      ckan.intercept = () => html(404);
      await assert.rejects(identifyPortal(ckan.site, { ...deps, token: null }), { code: 'portal-failed' });
    });
  });
});
