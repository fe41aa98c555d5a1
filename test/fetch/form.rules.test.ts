import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Attempt } from '../../plugin/model/attempt.ts';
import type { FormStep } from '../../plugin/model/settings.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { requestFor, testFetcher } from '../support/fetching.ts';
import { type PageServer, sendPage, sendTable, startPageServer } from '../support/pageServer.ts';

const FORM = `<form method=post enctype="multipart/form-data" action=/order><input type=hidden name=csrf value=t1>
  <label for=who>Organisation</label><input id=who name=org><label><input type=checkbox name=terms value=y> Terms</label>
  <select name=format><option value=c>CSV<option value=x>XLSX</select>
  <input type=submit name=no value=Cancel><input type=submit name=go value="Order now"></form>`;

const STEPS: readonly FormStep[] = [
  { follow: 'get the data' },
  { fill: { Organisation: 'Archive "A"', format: 'XLSX' }, accept: ['terms'], submit: 'order now' },
  { wait: '*/out/*' },
];

describe('A rule for forms', () => {
  let server: PageServer;
  let waits = 0;

  before(async () => {
    const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
      '/form': (response) => sendPage(response, FORM),
      '/order': (response) => response.writeHead(302, { location: '/waiting' }).end(),
      '/waiting': (response) => {
        waits += 1;
        sendPage(response, waits > 1 ? '<a href=/out/7>ready</a>' : '<p>please wait</p>');
      },
      '/out/7': sendTable,
    };
    server = await startPageServer(({ path, headers }, response) => {
      const answer = headers.cookie === 'session=s1' ? answers[path] : undefined;
      if (path === '/start') sendPage(response, '<a href=/form>Get the data</a>', { 'set-cookie': 'session=s1' });
      else if (answer) answer(response);
      else response.writeHead(404).end();
    });
  });
  beforeEach(() => {
    server.asked.splice(0);
    waits = 0;
  });
  after(() => server.close());

  async function fetched(steps: readonly FormStep[], url = `${server.site}/*`): Promise<Attempt> {
    const fetcher = testFetcher({ forms: [{ url, steps }] });
    try {
      return await fetcher.fetch(requestFor(`${server.site}/start`), null, new AbortController().signal);
    } finally {
      await fetcher.close();
    }
  }

  it('goes through several pages with their cookies, a filled-in form and a wait', async () => {
    const attempt = await fetched(STEPS);
    assert.equal(attempt.code, 'archived', attempt.reason);
    assert.equal(attempt.finalUrl, `${server.site}/out/7`);
    assert.equal(attempt.validators.etag, '"t1"');
    const order = server.asked.find(({ method }) => method === 'POST');
    assert.match(order?.headers['content-type'] ?? '', /^multipart\/form-data; boundary=/);
    const parts = [...(order?.body ?? '').matchAll(/name="(\w+)"\r\n\r\n(.*)\r\n/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    assert.deepEqual(parts, [
      ['csrf', 't1'],
      ['org', 'Archive "A"'],
      ['terms', 'y'],
      ['format', 'x'],
      ['go', 'Order now'],
    ]);
    assert.deepEqual(
      attempt.accepted?.map(({ mode, url, rule }) => [mode, url, rule]),
      [['rule', `${server.site}/form`, `${server.site}/*`]],
    );
  });

  const unexpected: readonly (readonly [string, readonly FormStep[], RegExp])[] = [
    ['a link is missing', [{ follow: 'nowhere' }], /Step 1 .*no link says "nowhere"/],
    ['a field is missing', [{ follow: '*/form' }, { fill: { phone: '1' } }], /Step 2 .*no form has a field "phone"/],
    ['a box is missing', [{ follow: '*/form' }, { accept: ['age'] }], /no form has a box "age"/],
    ['a button is missing', [{ follow: '*/form' }, { submit: 'Pay' }], /no form has a button "Pay"/],
    ['the steps end at a page', [{ follow: '*/form' }], /still answers with a page/],
    ['a step leads to nothing', [{ follow: '*/form' }, { follow: 'x' }], /Step 2/],
  ];
  for (const [title, steps, reason] of unexpected) {
    it(`ends as not-data when ${title}`, async () => {
      const attempt = await fetched(steps);
      assert.equal(attempt.code, 'not-data');
      assert.match(attempt.reason, reason);
    });
  }

  it('sends the same form once', async () => {
    const twice = [{ follow: '*/form' }, { submit: 'Order now' }, { wait: '*/out/*' }];
    assert.equal((await fetched(twice)).code, 'archived');
    assert.equal(server.asked.filter(({ method }) => method === 'POST').length, 1);
  });

  it('counts for its URLs alone', async () => {
    assert.equal((await fetched(STEPS, `${server.site}/other*`)).code, 'not-data');
    assert.equal(server.asked.length, 1);
  });
});

describe('The setting ARCHIVER_FORMS', () => {
  const load = (forms: string) => loadConfig({ environment: { ARCHIVER_FORMS: forms } }).forms;

  it('takes the three kinds of steps', () => {
    const rules = [
      {
        url: 'https://host/*',
        steps: [{ follow: 'a' }, { fill: { b: 'c' }, accept: ['d'], submit: 'e' }, { wait: '*/f' }],
      },
    ];
    assert.deepEqual(load(JSON.stringify(rules)), rules);
  });

  it('is checked at start', () => {
    for (const wrong of [
      '{}',
      '[{"url":"host/*","steps":[{"follow":"a"}]}]',
      '[{"url":"https://h/*","steps":[]}]',
      '[{"url":"https://h/*","steps":[{}]}]',
      '[{"url":"https://h/*","steps":[{"follow":"a","wait":"b"}]}]',
      '[{"url":"https://h/*","steps":[{"click":"a"}]}]',
    ])
      assert.throws(() => load(wrong), /ARCHIVER_FORMS \(forms\)/, wrong);
  });
});
