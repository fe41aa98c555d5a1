import assert from 'node:assert/strict';
import { request as send } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ROUTES } from '../../plugin/show/routes.ts';
import { AdminPortal, type Role } from '../support/adminPortal.ts';
import { recordsIn } from '../support/recordsIn.ts';

const ADMIN = ROUTES.filter(({ path }) => path.startsWith('/admin') && !path.includes('/agendash'));

/** What the routes that are about one thing are asked for. */
const pathOf = (path: string, { runId, host }: { readonly runId: string; readonly host: string }) =>
  path
    .replace('/runs/{id}', `/runs/${runId}`)
    .replace('/resources/{id}', '/resources/one')
    .replace('/datasets/{id}', '/datasets/d1')
    .replace('/hosts/{host}', `/hosts/${host}`);

describe('the pages for operators', () => {
  let admin: AdminPortal;
  let runId: string;
  let host: string;
  before(async () => {
    admin = await AdminPortal.open({ settings: { metricsToken: 'do-not-show-this-token', maxBytes: 5_000_000 } });
    const { portal } = admin;
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('one', '/one.csv');
    const asked = await portal.archiver.archive.requestResource('one');
    assert.ok(asked.kind === 'accepted');
    runId = asked.run.id;
    host = new URL(portal.urlOf('/')).host;
    await portal.ended(runId);
  });
  after(() => admin.close());

  async function statusOf(path: string, role: Role): Promise<number> {
    const answer = await admin.ask(path, role);
    await answer.body?.cancel();
    return answer.status;
  }

  it('are for those who may see reports, as pages, as files and as events', async () => {
    for (const { path, action } of ADMIN.filter(({ method }) => method === 'get')) {
      const asked = pathOf(path, { runId, host });
      const [low, high] = action === null ? [200, 200] : [403, 200];
      assert.deepEqual([await statusOf(asked, 'anonymous'), await statusOf(asked, 'reader')], [low, low], asked);
      assert.deepEqual([await statusOf(asked, 'editor'), await statusOf(asked, 'administrator')], [high, high], asked);
    }
  });

  it('say of what is not there only to those who may see reports that it is not', async () => {
    for (const path of ['/admin/runs/none', '/admin/resources/none', '/admin/datasets/none', '/admin/hosts/none'])
      assert.deepEqual([await statusOf(path, 'reader'), await statusOf(path, 'editor')], [403, 404], path);
  });

  it('refuse as pages in a browser, and as problem details in a file', async () => {
    const page = await admin.ask('/admin/settings', 'reader');
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(await page.text(), /<h1>403 Forbidden<\/h1>/);
    const file = await admin.ask('/admin/settings.csv', 'reader');
    assert.match(file.headers.get('content-type') ?? '', /^application\/problem\+json/);
    const nothing = await admin.ask('/admin/nothing', 'administrator');
    assert.equal(nothing.status, 404);
    assert.match(await nothing.text(), /<h1>404 Not Found<\/h1>/);
    assert.equal((await admin.ask('/admin/settings?source=nobody', 'administrator')).status, 400);
  });

  it('load nothing of other origins and nothing inline', async () => {
    const page = await admin.ask('/admin/settings', 'administrator');
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    const text = await page.text();
    assert.doesNotMatch(text, /<style|style="|<script(?! src=)|onclick=/);
    assert.deepEqual(text.match(/(?:src|href)="(?!\/archiver\/|#)[^"]*"/g), [`href="${admin.site}"`]);
  });

  it('have a style sheet and a script whose version is in their path, and that are sent once', async () => {
    const text = await (await admin.ask('/admin/settings', 'administrator')).text();
    for (const [, path = ''] of text.matchAll(/(?:src|href)="\/archiver(\/admin\/[^"]*\?v=[^"]*)"/g)) {
      const first = await admin.ask(path, 'anonymous');
      assert.equal(first.headers.get('cache-control'), 'public, max-age=31536000, immutable');
      const again = { headers: { 'If-None-Match': first.headers.get('etag') ?? '' } };
      assert.equal((await admin.ask(path, 'anonymous', again)).status, 304);
      assert.equal((await admin.ask(`${path}0`, 'anonymous')).headers.get('cache-control'), 'public, no-cache');
    }
  });

  it('say 503, and when to try again, before the archiver is started', async () => {
    await admin.portal.archiver.stop();
    const page = await admin.ask('/admin/settings', 'administrator');
    assert.deepEqual([page.status, page.headers.get('retry-after')], [503, '5']);
    assert.match(await page.text(), /<h1>503 Service Unavailable<\/h1>/);
    assert.equal((await admin.ask('/admin/settings.json', 'administrator')).headers.get('retry-after'), '5');
    await admin.portal.archiver.start();
  });

  it('show every setting with its source, and no secret', async () => {
    const { rows } = Object(await (await admin.ask('/admin/settings.json?limit=1000', 'administrator')).json());
    const byName = new Map(rows.map((row: { name: string }) => [row.name, row]));
    const shown = (name: string) => {
      const { value, source } = Object(byName.get(name));
      return [value, source];
    };
    assert.deepEqual(shown('maxBytes'), ['5000000', 'portal']);
    assert.deepEqual(shown('concurrency'), ['16', 'default']);
    assert.deepEqual(shown('metricsToken'), ['(set)', 'portal']);
    for (const format of ['', '.csv', '.json?limit=1000'])
      assert.doesNotMatch(await (await admin.ask(`/admin/settings${format}`, 'administrator')).text(), /do-not-show/);
    const page = await (await admin.ask('/admin/settings?source=portal&q=bytes', 'administrator')).text();
    assert.match(page, /1 of \d+ settings/);
  });

  it('have Agendash beside the list of jobs, for the same callers, whose changes are those of its own script', async () => {
    const shown = '/admin/queue/agendash/api?limit=5';
    for (const path of ['/admin/queue/agendash/', shown])
      assert.deepEqual([await statusOf(path, 'reader'), await statusOf(path, 'editor')], [403, 200], path);
    assert.equal(await statusOf('/admin/queue/agendash', 'editor'), 303);
    const policy = (await admin.ask('/admin/queue/agendash/', 'editor')).headers.get('content-security-policy') ?? '';
    assert.doesNotMatch(policy, /unsafe/);
    const change = async (role: Role, headers: Readonly<Record<string, string>>) => {
      const type = { 'Content-Type': 'application/json' };
      const init = { method: 'POST', body: '{"jobIds":[]}', headers: { ...type, Cookie: `login=${role}`, ...headers } };
      return (await admin.ask('/admin/queue/agendash/api/jobs/delete', role, init)).status;
    };
    const own = { Origin: admin.site };
    assert.equal(await change('administrator', own), 200);
    assert.equal(await change('editor', own), 403);
    assert.equal(await change('administrator', {}), 403, 'nothing says that it is of our page');
    assert.equal(await change('administrator', { Origin: 'https://evil.example' }), 403);
    assert.equal(await change('administrator', { ...own, 'Sec-Fetch-Site': 'cross-site' }), 403);
    assert.equal(await change('administrator', { ...own, 'Content-Type': 'text/plain' }), 403, 'as a form can send it');
  });

  it('give a table as CSV that no spreadsheet takes for formulas', async () => {
    const answer = await admin.ask('/admin/settings.csv', 'administrator');
    assert.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8; header=present');
    const lines = (await answer.text()).split('\r\n');
    assert.equal(lines[0], 'environment,name,group,value,source,description');
    assert.ok(lines.length > 60);
  });

  it('count the links of an organisation where it is a part of another, too', async () => {
    const { reports } = recordsIn(admin.portal.database.knex);
    const [inner, outer] = [
      { id: 'o1', name: 'water', title: 'Water', parentId: 'o2' },
      { id: 'o2', name: 'agency', title: 'Agency', parentId: null },
    ] as const;
    await reports.noteOrganisations([inner, outer]);
    await reports.note(
      { resources: [{ id: 'one', datasetId: 'd1', name: 'One', organisation: inner }], datasets: [] },
      'http://portal.example',
    );
    const { rows } = Object(await (await admin.ask('/admin/organisations.json', 'editor')).json());
    const of = (name: string) => Object(rows.find((row: { name: string }) => row.name === name));
    assert.deepEqual([of('agency').resources, of('agency').ownResources, of('agency').archivedPercent], [1, 0, 100]);
    assert.deepEqual([of('water').resources, of('water').parentId], [1, 'o2']);
    const found = Object(await (await admin.ask('/admin/links.json?organisation=agency&state=any', 'editor')).json());
    assert.deepEqual(
      found.rows.map(({ resourceId }: { resourceId: string }) => resourceId),
      ['one'],
    );
    assert.equal(await statusOf('/admin/organisations?sort=-broken', 'editor'), 200);
    const page = await (await admin.ask('/admin/links?organisation=o1', 'editor')).text();
    const [, options = ''] = /<select id="filter-organisation"[^>]*>(.*?)<\/select>/s.exec(page) ?? [];
    assert.deepEqual(
      [...options.matchAll(/<option value="([^"]*)"( selected)?>([^<]*)/g)].map(([, ...said]) => said),
      [
        ['', undefined, 'all'],
        ['agency', undefined, 'Agency'],
        ['water', ' selected', '\u2003Water'],
      ],
    );
    assert.match(
      await (await admin.ask('/admin/links?organisation=gone', 'editor')).text(),
      /<option value="gone" selected>gone/,
    );
  });

  it('show the limits of a host with where each comes from, and refuse what is no limit', async () => {
    const { hosts } = admin.portal.archiver.archive;
    await hosts.setLimits(host, { burst: 3 });
    const page = await (await admin.ask(`/admin/hosts/${host}`, 'administrator')).text();
    const rows = [...page.matchAll(/<tr[^>]*>.*?<\/tr>/gs)].map(([row]) =>
      row
        .replaceAll('<wbr>', '')
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' '),
    );
    const rowOf = (title: string) => rows.find((row) => row.startsWith(` ${title}`)) ?? '';
    assert.match(rowOf('Burst'), / 3 set here /);
    assert.match(rowOf('Requests a second'), / 2 ARCHIVER_HOST_REQUESTS_PER_SECOND /);
    assert.match(rowOf('Bytes a day'), / no limit ARCHIVER_HOST_BYTES_PER_DAY /);
    await hosts.setLimits(host, null);
  });

  describe('change something by a form', () => {
    const forms = ADMIN.filter(({ method }) => method === 'post').map(({ path }) => path);
    beforeEach(async () => {
      const open = { state: 'running', total: 2, ended_at: null };
      await admin.portal.database.knex('archiver.run').where({ id: runId }).update(open);
    });

    /** What a page with a form gave a browser: a cookie and a token. */
    async function formOf(role: Role): Promise<{ cookie: string; token: string }> {
      const page = await admin.ask(`/admin/runs/${runId}`, role);
      const [own = ''] = page.headers.getSetCookie().map((one) => one.split(';')[0] ?? '');
      const [, token = ''] = /name="token" value="([^"]+)"/.exec(await page.text()) ?? [];
      return { cookie: `login=${role}; ${own}`, token };
    }

    async function post(
      path: string,
      cookie: string,
      token: string,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<number> {
      const init = { method: 'POST', body: new URLSearchParams({ token }), headers: { Cookie: cookie, ...headers } };
      return (await admin.ask(pathOf(path, { runId, host }), 'anonymous', init)).status;
    }

    const runs = async () => (await admin.portal.archiver.archive.runs.list(1000)).map(({ id, state }) => [id, state]);

    it('only where it is a page of ours that sends it', async () => {
      const { cookie, token } = await formOf('administrator');
      const other = await formOf('administrator');
      const before = await runs();
      for (const path of forms) {
        assert.equal(await post(path, cookie, ''), 403, 'no token');
        assert.equal(await post(path, cookie, `${token.slice(0, -1)}_`), 403, 'another signature');
        assert.equal(await post(path, cookie, `9${token}`), 403, 'another end');
        assert.equal(await post(path, cookie, other.token), 403, 'the token of another browser');
        assert.equal(await post(path, 'login=administrator', token), 403, 'no cookie of ours');
        assert.equal(
          await post(path, cookie, token, { 'Sec-Fetch-Site': 'cross-site' }),
          403,
          'a page of another site',
        );
        assert.equal(await post(path, cookie, token, { Origin: 'https://evil.example' }), 403, 'another origin');
      }
      assert.deepEqual(await runs(), before);
    });

    it('only for administrators, and others see no form', async () => {
      assert.equal((await formOf('editor')).token, '');
      const { cookie, token } = await formOf('administrator');
      const before = await runs();
      for (const path of forms)
        for (const role of ['anonymous', 'reader', 'editor'])
          assert.equal(await post(path, cookie.replace('administrator', role), token), 403, `${path} ${role}`);
      assert.deepEqual(await runs(), before);
      // No URL is proposed for the resource.
      const statusOfForm = (path: string) => (path.includes('/proposal/') ? 404 : 303);
      for (const path of forms) assert.equal(await post(path, cookie, token), statusOfForm(path), path);
      assert.notDeepEqual(await runs(), before);
    });

    it('also where a proxy sends it in chunks, and leads to the page that shows it', async () => {
      const { cookie, token } = await formOf('administrator');
      const type = 'application/x-www-form-urlencoded';
      const headers = { Cookie: cookie, 'Content-Type': type, 'Transfer-Encoding': 'chunked' };
      const answer = await new Promise<{ status?: number; location?: string }>((resolve, reject) => {
        const sent = send(admin.urlOf(`/admin/runs/${runId}/cancel`), { method: 'POST', headers }, (response) => {
          response.resume();
          resolve({ status: response.statusCode, location: response.headers.location });
        });
        sent.on('error', reject);
        sent.write('token=');
        sent.end(encodeURIComponent(token));
      });
      assert.deepEqual(answer, { status: 303, location: `/archiver/admin/runs/${runId}?done=cancelled` });
      assert.equal((await admin.portal.archiver.archive.runs.get(runId))?.state, 'cancelled');
    });

    it('that says what it cannot be, and changes nothing then', async () => {
      const { cookie, token } = await formOf('administrator');
      const send = async (fields: Readonly<Record<string, string>>) => {
        const init = { method: 'POST', body: new URLSearchParams({ token, ...fields }), headers: { Cookie: cookie } };
        const answer = await admin.ask(`/admin/hosts/${host}/limits`, 'anonymous', init);
        return { status: answer.status, text: await answer.text() };
      };
      const { hosts } = admin.portal.archiver.archive;
      assert.equal((await send({ requestsPerSecond: '0.5', quietHours: '8-18' })).status, 303);
      assert.deepEqual((await hosts.get(host))?.override, { requestsPerSecond: 0.5, quietHours: [8, 18] });
      const wrong = await send({ burst: 'many' });
      assert.equal(wrong.status, 400);
      assert.match(wrong.text, /Burst must be a whole number/);
      assert.deepEqual((await hosts.get(host))?.override, { requestsPerSecond: 0.5, quietHours: [8, 18] });
    });

    it('in a portal of several processes, which know the same key', async () => {
      const { cookie, token } = await formOf('administrator');
      await admin.portal.archiver.stop();
      await admin.portal.archiver.start();
      assert.equal(await post('/admin/runs/{id}/cancel', cookie, token), 303);
    });
  });
});
