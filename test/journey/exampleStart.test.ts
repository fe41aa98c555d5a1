import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ExampleFolder, freePort } from '../support/examplePortal.ts';

const POLL_MS = 20;

interface Seen {
  readonly path: string;
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** null: nobody listens yet. Any other failure is one. */
async function ask(site: string, path: string, method: string): Promise<Seen | null> {
  try {
    const answer = await fetch(`${site}${path}`, { method });
    const retryAfter = answer.headers.get('retry-after');
    return { path, status: answer.status, retryAfter, body: await answer.text() };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : null;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED') return null;
    throw error;
  }
}

describe('npm start, while it starts', () => {
  let folder: ExampleFolder;
  before(async () => {
    folder = await ExampleFolder.create();
  });
  after(() => folder.remove());

  test('answers every request with 503, Retry-After and a page that loads again, until the portal is open', async () => {
    const port = await freePort();
    const site = `http://127.0.0.1:${port}`;
    const seen: Seen[] = [];
    let isStarted = false;
    const poll = async (path: string, method: string) => {
      while (!isStarted) {
        const answer = await ask(site, path, method);
        if (answer) seen.push(answer);
        await wait(POLL_MS);
      }
    };
    const polls = [
      poll('/', 'GET'),
      poll('/archiver/health/ready', 'GET'),
      poll('/api/3/action/package_list', 'POST'),
      poll('/', 'HEAD'),
    ];
    const portal = await folder.start({ PORT: String(port) });
    isStarted = true;
    await Promise.all(polls);

    const early = seen.filter(({ status }) => status === 503);
    for (const path of ['/', '/archiver/health/ready', '/api/3/action/package_list'])
      assert.ok(
        early.some((answer) => answer.path === path),
        path,
      );
    for (const { retryAfter } of early) assert.equal(retryAfter, '1');
    assert.ok(early.every(({ body }) => body === '' || body.includes('http-equiv="refresh" content="1"')));
    assert.deepEqual(
      [...new Set(seen.map(({ status }) => status))].filter((status) => status >= 500 && status !== 503),
      [],
    );
    assert.equal((await fetch(site)).status, 200);
    assert.equal((await fetch(`${site}/archiver/health/ready`)).status, 200);
    const { code } = await portal.stop();
    assert.equal(code, 0);
  });
});
