import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type PageServer, sendPage, sendTable, startPageServer } from '../support/pageServer.ts';
import { runCommand } from '../support/runCommand.ts';

const PAGE = `<nav><a href="/all.csv">All datasets</a></nav><h1>Trees</h1><ul><li><a href="/trees.csv">Trees (CSV)</a></li>
  <li><a href="/trees.json">Trees (JSON)</a></li><li><a href="/gone.xlsx">Trees (XLSX)</a></li></ul>`;

const JSON_BODY = JSON.stringify([{ name: 'oak'.repeat(110) }]);

describe('The probe of a landing page', () => {
  let server: PageServer;
  let environment: Record<string, string> = {};

  before(async () => {
    const pages: Readonly<Record<string, string>> = {
      '/page': PAGE,
      '/framed': '<frameset><frame src="/page"></frameset>',
      '/private': '<h1>Trees</h1><a href="http://10.255.255.1/trees.csv">Trees CSV</a>',
      '/many': Array.from({ length: 200_000 }, (_, index) => `<a href=${index}.csv>`).join(''),
      '/deep': `${'<div>'.repeat(10_000)}<a href=/trees.csv>trees</a>`,
      '/login': '<form action=/in method=post><input type=password name=p></form>',
    };
    server = await startPageServer(({ path }, response) => {
      const page = pages[path];
      if (page !== undefined) sendPage(response, page);
      else if (path === '/trees.csv') sendTable(response);
      else if (path === '/trees.json') response.writeHead(200, { 'content-type': 'application/json' }).end(JSON_BODY);
      else response.writeHead(404).end();
    });
    environment = { ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8' };
  });
  beforeEach(() => server.asked.splice(0));
  after(() => server.close());

  async function probed(path: string, ...options: string[]) {
    const args = ['probe', `${server.site}${path}`, '--json', '--declared-format', 'CSV', '--resource-name', 'Trees'];
    const { output, errors } = await runCommand([...args, ...options], { environment });
    assert.equal(errors, '');
    return JSON.parse(output);
  }

  const paths = (links: readonly { readonly url: string }[]) => links.map(({ url }) => url.replace(server.site, ''));

  it('has no links unless it is asked for them', async () => {
    const result = await probed('/page');
    assert.ok(!('links' in result) && !('derived' in result));
    assert.deepEqual((await probed('/page', '--landing', 'off')).links, undefined);
  });

  it('lists links under record and asks for none of them', async () => {
    const { code, links, ...rest } = await probed('/page', '--landing', 'record');
    assert.equal(code, 'not-data');
    assert.deepEqual(paths(links.slice(0, 1)), ['/trees.csv']);
    assert.deepEqual(Object.keys(links[0]), ['url', 'format', 'score', 'evidence']);
    assert.ok(links.every((link: { score: number }) => link.score >= 0 && link.score <= 1));
    assert.ok(!('derived' in rest));
    // The second time with the declared media type first (content negotiation).
    assert.deepEqual(
      server.asked.map(({ path, headers }) => [path, headers.accept]),
      [
        ['/page', '*/*'],
        ['/page', 'text/csv, */*;q=0.1'],
      ],
    );
  });

  it('takes the policy from the environment too', async () => {
    environment = { ...environment, ARCHIVER_LANDING: 'record' };
    assert.ok(Array.isArray((await probed('/page')).links));
    environment = { ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8' };
  });

  it('has an empty list of links where the URL answers with data, or a page has none', async () => {
    for (const path of ['/trees.csv', '/login']) {
      const { links, derived } = await probed(path, '--landing', 'best');
      assert.deepEqual([links, derived], [[], []]);
    }
  });

  it('fetches the one clear link under best', async () => {
    const { derived } = await probed('/page', '--landing', 'best');
    assert.equal(derived.length, 1);
    assert.equal(derived[0].url, `${server.site}/trees.csv`);
    assert.deepEqual([derived[0].kind, derived[0].code, derived[0].bytes], ['fetched', 'archived', 29]);
  });

  it('fetches all that is claimed under all, each with a result of its own', async () => {
    const { derived } = await probed('/page', '--landing', 'all');
    assert.deepEqual(
      derived.map(({ url, code }: { url: string; code: string }) => [url.replace(server.site, ''), code]),
      [
        ['/trees.csv', 'archived'],
        ['/trees.json', 'archived'],
        ['/gone.xlsx', 'gone'],
      ],
    );
    assert.equal((await probed('/page', '--landing', 'all', '--landing-max', '1')).derived.length, 1);
  });

  it('keeps to the limit of one file for all of them together', async () => {
    const { derived } = await probed('/page', '--landing', 'all', '--max-bytes', '350');
    assert.deepEqual(
      derived.map(({ code }: { code: string }) => code),
      ['archived', 'too-large', 'gone'],
    );
  });

  it('looks into the frames of a page that has no links itself', async () => {
    const { links } = await probed('/framed', '--landing', 'record');
    assert.deepEqual(paths(links.slice(0, 1)), ['/trees.csv']);
    assert.ok(links[0].evidence.at(-1).startsWith('it stands in a frame of the page'));
  });

  it('asks no private address', async () => {
    const { derived } = await probed('/private', '--landing', 'best');
    assert.equal(derived[0].code, 'blocked-address');
    assert.equal(derived[0].requests, 0);
  });

  it('ends with at most 50 links of hostile pages', async () => {
    assert.equal((await probed('/many', '--landing', 'record')).links.length, 50);
    assert.deepEqual(paths((await probed('/deep', '--landing', 'record')).links), ['/trees.csv']);
  });

  it('takes the names of lines of the input', async () => {
    const line = {
      id: 7,
      url: `${server.site}/page`,
      resourceName: 'Trees',
      datasetTitle: 'Nature',
      declaredFormat: 'json',
    };
    const { output } = await runCommand(['probe', '--stdin', '--landing', 'best'], {
      environment,
      input: `${JSON.stringify(line)}\n`,
    });
    const { id, links, derived } = JSON.parse(output);
    assert.equal(id, 7);
    assert.deepEqual(paths(links.slice(0, 1)), ['/trees.json']);
    assert.equal(derived[0].format, 'JSON');
  });

  it('is shown to people as well', async () => {
    const { output } = await runCommand(['probe', `${server.site}/page`, '--landing', 'best'], { environment });
    assert.match(output, /links\n +0\.\d{3} {2}CSV/);
  });
});
