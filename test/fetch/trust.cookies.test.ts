import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Cookies } from '../../plugin/fetch/follow/cookies.ts';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { CSV, requestFor, testFetcher } from '../support/fetching.ts';
import { NameServer } from '../support/nameServer.ts';
import { answer, OddServer, type Reply } from '../support/oddServer.ts';

const FILE = answer(200, {}, CSV);

/** Replies of the hosts on one port: `a.example.org/path` → the reply. */
function byHost(replies: Readonly<Record<string, Reply>>): Reply {
  return (socket, request) => {
    const host = request.headers.host?.split(':')[0] ?? '';
    (replies[`${host}${request.path}`] ?? answer(404, {}))(socket, request);
  };
}

async function fetched(
  test: TestContext,
  start: string,
  replies: (port: number) => Readonly<Record<string, Reply>>,
): Promise<{ readonly attempt: Attempt; readonly cookies: Readonly<Record<string, string | undefined>> }> {
  const names = await NameServer.start(({ type }) => (type === 'A' ? ['127.0.0.1'] : []));
  let script: Reply = FILE;
  const server = await OddServer.start({ '*': (socket, request) => script(socket, request) });
  script = byHost(replies(server.port));
  const fetcher = testFetcher({ dnsServers: [names.server] });
  test.after(() => Promise.all([fetcher.close(), server.stop(), names.stop()]));
  const [host = '', ...path] = start.split('/');
  const attempt = await fetcher.fetch(
    requestFor(`http://${host}:${server.port}/${path.join('/')}`),
    null,
    new AbortController().signal,
  );
  const sent = server.requests.map(({ headers, path }) => [`${headers.host?.split(':')[0]}${path}`, headers.cookie]);
  return { attempt, cookies: Object.fromEntries(sent) };
}

describe('a cookie of one attempt', () => {
  const to = (port: number, target: string, cookie: string) => {
    const [host = '', ...path] = target.split('/');
    return answer(302, { location: `http://${host}:${port}/${path.join('/')}`, 'set-cookie': cookie });
  };

  const reaches: readonly (readonly [string, string, string, string])[] = [
    ['the apex of its www', 'www.portal.example/a', 'portal.example/f.csv', 'Domain=portal.example'],
    [
      'the files of its sign-on',
      'login.portal.example/a',
      'files.portal.example/f.csv',
      'Domain=.portal.example; Path=/',
    ],
    ['a host below its own', 'portal.co.uk/a', 'data.portal.co.uk/f.csv', 'Domain=portal.co.uk'],
  ];
  for (const [what, from, target, attributes] of reaches) {
    it(`reaches ${what}`, async (test) => {
      const { attempt, cookies } = await fetched(test, from, (port) => ({
        [from]: to(port, target, `session=1; ${attributes}`),
        [target]: FILE,
      }));
      assert.equal(attempt.code, 'archived', attempt.reason);
      assert.equal(cookies[target], 'session=1');
    });
  }

  const stays: readonly (readonly [string, string, string, string])[] = [
    ['without a Domain', 'www.portal.example/a', 'portal.example/f.csv', ''],
    ['of another registrable domain', 'a.portal.org/a', 'a.other.org/f.csv', '; Domain=portal.org'],
    ['of a public suffix', 'one.co.uk/a', 'two.co.uk/f.csv', '; Domain=co.uk'],
    ['of a suffix under which everybody has a name', 'one.github.io/a', 'two.github.io/f.csv', '; Domain=github.io'],
    ['for a host that did not set it', 'a.portal.org/a', 'b.portal.org/f.csv', '; Domain=b.portal.org'],
    ['for another path', 'portal.org/a', 'portal.org/f.csv', '; Path=/other'],
  ];
  for (const [what, from, target, attributes] of stays) {
    it(`goes no further ${what}`, async (test) => {
      const { attempt, cookies } = await fetched(test, from, (port) => ({
        [from]: to(port, target, `session=1${attributes}`),
        [target]: FILE,
      }));
      assert.equal(attempt.code, 'archived', attempt.reason);
      assert.equal(cookies[target], undefined);
    });
  }

  it('goes from http to https of one host, not back, and not to another port of an address', () => {
    const cookies = new Cookies();
    cookies.store(new URL('http://portal.example/'), { 'set-cookie': 'plain=1' });
    cookies.store(new URL('https://portal.example/'), { 'set-cookie': 'signed=1' });
    assert.equal(cookies.fieldFor(new URL('https://portal.example/f.csv')), 'plain=1; signed=1');
    assert.equal(cookies.fieldFor(new URL('http://portal.example/f.csv')), 'plain=1');
    cookies.store(new URL('http://127.0.0.1:1/'), { 'set-cookie': 'local=1' });
    assert.equal(cookies.fieldFor(new URL('http://127.0.0.1:2/')), null);
    assert.equal(cookies.fieldFor(new URL('http://127.0.0.1:1/')), 'local=1');
  });

  it('is not kept after its attempt', async (test) => {
    const names = await NameServer.start(({ type }) => (type === 'A' ? ['127.0.0.1'] : []));
    const server = await OddServer.start({ '/f.csv': answer(200, { 'set-cookie': 'session=1' }, CSV) });
    const fetcher = testFetcher({ dnsServers: [names.server] });
    test.after(() => Promise.all([fetcher.close(), server.stop(), names.stop()]));
    const url = `http://portal.example:${server.port}/f.csv`;
    for (let round = 0; round < 2; round++) await fetcher.fetch(requestFor(url), null, new AbortController().signal);
    assert.deepEqual(
      server.requests.map(({ headers }) => headers.cookie),
      [undefined, undefined],
    );
  });
});
