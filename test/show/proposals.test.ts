import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Role } from '../support/adminPortal.ts';
import { MovedResources } from '../support/movedResources.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { until } from '../support/until.ts';

const CSV = { body: 'a,b\n1,2\n' };

describe('a URL that redirects for good', () => {
  let moved: MovedResources;
  before(async () => {
    moved = await MovedResources.open();
    for (const path of ['/new.csv', '/other.csv', '/third.csv']) moved.admin.portal.files.set(path, CSV);
    moved.redirect('/permanent', '/new.csv');
    moved.redirect('/kept-method', '/new.csv', 308);
    moved.redirect('/temporary', '/new.csv', 302);
    moved.redirect('/mixed', '/temporary');
    moved.redirect('/late', '/permanent', 307);
    moved.redirect('/dead', '/gone.csv');
    moved.redirect('/signed', '/new.csv?X-Amz-Signature=1');
    moved.admin.portal.files.set('/new.csv?X-Amz-Signature=1', CSV);
    moved.redirect('/changing', '/other.csv');
    const named = ['permanent', 'kept-method', 'temporary', 'mixed', 'late', 'dead', 'signed', 'changing'];
    const paths = Object.fromEntries(named.map((id) => [id, `/${id}`]));
    for (const id of ['apply', 'twice', 'edited', 'refused', 'dismiss', 'json', 'outside']) {
      moved.redirect(`/${id}`, '/new.csv');
      paths[id] = `/${id}`;
    }
    await moved.checkTwice(paths);
  });
  after(() => moved.close());

  const proposed = async (query = '') => {
    const { resources } = Object(await (await moved.admin.ask(`/resources?proposed=true${query}`, 'editor')).json());
    return resources.map(({ id }: { id: string }) => id);
  };

  /** A form of the resource's page, as a browser sends it. */
  async function settle(id: string, how: 'apply' | 'dismiss', url = '/new.csv', role: Role = 'administrator') {
    const page = await moved.admin.ask(`/admin/resources/${id}`, 'administrator');
    const [own = ''] = page.headers.getSetCookie().map((one) => one.split(';')[0] ?? '');
    const [, token = ''] = /name="token" value="([^"]+)"/.exec(await page.text()) ?? [];
    const body = new URLSearchParams({ token, url: moved.admin.portal.urlOf(url) });
    const headers = { Cookie: `login=${role}; ${own}` };
    const path = `/admin/resources/${id}/proposal/${how}`;
    const answer = await moved.admin.ask(path, role, { method: 'POST', body, headers });
    return { status: answer.status, location: answer.headers.get('location') ?? '', text: await answer.text() };
  }

  const post = async (path: string, role: Role, headers: Readonly<Record<string, string>> = {}) =>
    moved.admin.ask(path, role, { method: 'POST', headers: { Cookie: `login=${role}`, ...headers } });

  it('has its target proposed after a second check at least a day later, a temporary one has not', async () => {
    assert.deepEqual(await moved.states('permanent'), [['/new.csv', 'proposed']]);
    assert.deepEqual(await moved.states('kept-method'), [['/new.csv', 'proposed']]);
    assert.deepEqual(await moved.states('mixed'), [['/temporary', 'proposed']]);
    for (const id of ['temporary', 'late', 'dead', 'signed']) assert.deepEqual(await moved.states(id), [], id);
    const found = await proposed('&limit=1000');
    assert.ok(found.includes('permanent') && found.includes('mixed') && !found.includes('temporary'));
  });

  it('has its new target proposed a day after that was first seen, and none once it redirects no more', async () => {
    assert.deepEqual(await moved.states('changing'), [['/other.csv', 'proposed']]);
    moved.redirect('/changing', '/third.csv');
    await moved.checkAfter(1, ['changing']);
    assert.deepEqual(await moved.states('changing'), [['/third.csv', 'seen']]);
    await moved.checkAfter(0.5, ['changing']);
    assert.deepEqual(await moved.states('changing'), [['/third.csv', 'seen']]);
    await moved.checkAfter(0.5, ['changing']);
    assert.deepEqual(await moved.states('changing'), [['/third.csv', 'proposed']]);
    moved.admin.portal.files.set('/changing', CSV);
    await moved.checkAfter(1, ['changing']);
    assert.deepEqual(await moved.states('changing'), []);
  });

  it('keeps its proposal while it is broken, and is shown with it among the broken links', async () => {
    const { files } = moved.admin.portal;
    files.set('/mixed', { body: '', status: 404 });
    await moved.checkAfter(1, ['mixed']);
    const { rows } = Object(await (await moved.admin.ask('/admin/links.json?state=broken', 'editor')).json());
    const row = rows.find(({ resourceId }: { resourceId: string }) => resourceId === 'mixed');
    assert.equal(row?.proposedUrl, moved.admin.portal.urlOf('/temporary'));
    const page = await (await moved.admin.ask('/admin/links?proposed=yes', 'editor')).text();
    assert.match(page, /<h1>Proposed new URLs<\/h1>/);
    assert.match(page, />permanent<\/a>/);
    assert.match(await (await moved.admin.ask('/admin', 'editor')).text(), /new URLs are proposed/);
    const csv = await (await moved.admin.ask('/admin/links.csv?proposed=yes', 'editor')).text();
    assert.match(csv, /^permanent,/m);
    assert.doesNotMatch(csv, /^temporary,/m);
  });

  it('is given the new one by one click, which is an edit there and archives it again; its history stays', async () => {
    const { archive } = moved.admin.portal.archiver;
    const before = (await archive.copies(['apply'])).get('apply')?.length;
    const { status, location } = await settle('apply', 'apply');
    assert.equal(status, 303);
    assert.match(location, /^\/archiver\/admin\/resources\/apply\?done=applied&run=/);
    assert.equal(await moved.urlOf('apply'), '/new.csv');
    assert.deepEqual(moved.edits.at(-1), ['apply', '/new.csv', 'administrator']);
    assert.deepEqual(await moved.states('apply'), [['/new.csv', 'applied']]);
    await moved.admin.portal.ended(new URL(location, 'http://x').searchParams.get('run') ?? '');
    const records = recordsIn(moved.admin.portal.database.knex);
    await until(async () => {
      const archival = await records.archivals.get('apply');
      return archival?.url === moved.admin.portal.urlOf('/new.csv') && archival.requestSeq === archival.doneSeq;
    });
    const changes = await records.histories.changesOf('apply', { after: null, limit: 100 });
    const [applied] = changes.filter(({ reason }) => reason?.includes('was applied by administrator'));
    assert.deepEqual([applied?.kind, applied?.url], ['moved', moved.admin.portal.urlOf('/new.csv')]);
    assert.equal((await archive.copies(['apply'])).get('apply')?.length, before, 'the same bytes are no new version');
    const page = await (await moved.admin.ask('/admin/resources/apply', 'administrator')).text();
    assert.match(page, /applied by administrator/);
    assert.doesNotMatch(page, /<button type="submit">Apply/);
  });

  it('is edited once when two people apply the same, or one of them twice', async () => {
    const answers = await Promise.all([settle('twice', 'apply'), settle('twice', 'apply')]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [303, 303],
    );
    const again = await post(
      `/resources/twice/proposal/apply?url=${encodeURIComponent(moved.admin.portal.urlOf('/new.csv'))}`,
      'administrator',
    );
    assert.deepEqual([again.status, Object(await again.json()).state], [200, 'applied']);
    assert.equal(moved.edits.filter(([id]) => id === 'twice').length, 1);
    const changes = await recordsIn(moved.admin.portal.database.knex).histories.changesOf('twice', {
      after: null,
      limit: 100,
    });
    assert.equal(changes.filter(({ reason }) => reason?.includes('was applied by')).length, 1);
  });

  it('that was edited meanwhile stays as it is, and the page says so', async () => {
    const { knex } = moved.admin.portal.database;
    const url = moved.admin.portal.urlOf('/other.csv');
    await knex('resource').where({ id: 'edited' }).update({ url });
    const { status, text } = await settle('edited', 'apply');
    assert.equal(status, 412);
    assert.match(text, /was edited meanwhile. Nothing was changed/);
    assert.equal(await moved.urlOf('edited'), '/other.csv');
    const stale = await post('/resources/dismiss/proposal/apply?url=https://else.example/', 'administrator');
    assert.deepEqual([stale.status, Object(await stale.json()).code], [412, 'precondition-failed']);
  });

  it('keeps its proposal where the portal does not take the URL, whose words are shown and logged', async () => {
    moved.refusal = new Error('URLs of this publisher are frozen.');
    const { status, text } = await settle('refused', 'apply');
    assert.equal(status, 409);
    assert.match(text, /did not take the new URL: URLs of this publisher are frozen\./);
    const answer = await post('/resources/refused/proposal/apply', 'administrator');
    assert.deepEqual([answer.status, Object(await answer.json()).code], [409, 'host-refused']);
    const logged = moved.admin.portal.logged.filter(({ message }) => message.includes('did not take a proposed URL'));
    assert.deepEqual(logged[0]?.fields, { resourceId: 'refused', error: 'URLs of this publisher are frozen.' });
    assert.deepEqual(await moved.states('refused'), [['/new.csv', 'proposed']]);
    moved.refusal = null;
    assert.equal((await settle('refused', 'apply')).status, 303);
  });

  it('is not proposed again once it was dismissed, and a second click changes nothing', async () => {
    assert.equal((await settle('dismiss', 'dismiss')).status, 303);
    assert.equal((await settle('dismiss', 'dismiss')).status, 303);
    await moved.checkAfter(2, ['dismiss']);
    assert.deepEqual(await moved.states('dismiss'), [['/new.csv', 'dismissed']]);
    assert.ok(!(await proposed('&limit=1000')).includes('dismiss'));
    assert.equal((await settle('dismiss', 'apply')).status, 412);
    assert.equal(await moved.urlOf('dismiss'), '/dismiss');
  });

  it('is decided about by machines as well, by whoever administrates', async () => {
    for (const role of ['anonymous', 'reader', 'editor'] as const)
      for (const how of ['apply', 'dismiss'] as const) {
        assert.equal((await post(`/resources/json/proposal/${how}`, role)).status, 403, role);
        assert.equal((await settle('json', how, '/new.csv', role)).status, 403, role);
      }
    const evil = { Origin: 'https://evil.example' };
    assert.equal((await post('/resources/json/proposal/apply', 'administrator', evil)).status, 403);
    const foreign = { 'Sec-Fetch-Site': 'cross-site' };
    assert.equal((await post('/admin/resources/json/proposal/apply', 'administrator', foreign)).status, 403);
    assert.equal((await post('/resources/none/proposal/apply', 'administrator')).status, 404);
    assert.equal((await post('/resources/temporary/proposal/apply', 'administrator')).status, 404);
    const answer = await post('/resources/json/proposal/dismiss', 'administrator');
    const { state, decidedBy, run } = Object(await answer.json());
    assert.deepEqual([answer.status, state, decidedBy, run], [200, 'dismissed', 'administrator', null]);
    assert.deepEqual(await moved.states('json'), [['/new.csv', 'dismissed']]);
  });
});

describe('a portal that lets only its editors change a URL', () => {
  let moved: MovedResources;
  before(async () => {
    moved = await MovedResources.open({ takesUrls: false });
    moved.admin.portal.files.set('/new.csv', CSV);
    moved.redirect('/old', '/new.csv');
    await moved.checkTwice({ old: '/old' });
  });
  after(() => moved.close());

  it('has the proposed URL shown to be copied, and nothing to apply', async () => {
    const page = await (await moved.admin.ask('/admin/resources/old', 'administrator')).text();
    assert.match(page, new RegExp(`readonly value="${moved.admin.portal.urlOf('/new.csv')}"`));
    assert.doesNotMatch(page, />Apply</);
    assert.match(page, />Dismiss</);
    const init = { method: 'POST' };
    const answer = await moved.admin.ask('/resources/old/proposal/apply', 'administrator', init);
    assert.deepEqual([answer.status, Object(await answer.json()).code], [400, 'invalid-request']);
    assert.deepEqual(await moved.states('old'), [['/new.csv', 'proposed']]);
  });

  it('has the proposal void as soon as an editor has given the resource another URL', async () => {
    const { portal } = moved.admin;
    portal.files.set('/third.csv', CSV);
    await portal.save('old', '/third.csv');
    const apply = () => moved.admin.ask('/resources/old/proposal/apply', 'administrator', { method: 'POST' });
    assert.equal((await apply()).status, 404);
    await until(async () => (await moved.states('old')).length === 0 || (await listed()).length === 0);
    assert.equal(await moved.urlOf('old'), '/third.csv');
  });

  const listed = async (): Promise<readonly unknown[]> =>
    Object(await (await moved.admin.ask('/resources?proposed=true', 'editor')).json()).resources;
});
