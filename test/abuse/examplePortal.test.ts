import assert from 'node:assert/strict';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { createArchiver } from 'portal-archiver';
import supertest from 'supertest';
import { lockFolder } from '../../examples/portal/lock.ts';
import { createPortal, openKnex } from '../../examples/portal/portal.ts';
import { Sessions } from '../../examples/portal/sessions.ts';
import { ActionClient } from '../support/actions.ts';
import { ExampleFolder, type RunningPortal } from '../support/examplePortal.ts';

const ADMIN_TOKEN = 'token-of-the-administrator';

describe('the example portal in hostile hands', () => {
  let folder: ExampleFolder;
  let portal: RunningPortal;
  before(async () => {
    folder = await ExampleFolder.create();
    portal = await folder.start({ ADMIN_TOKEN });
  });
  after(() => folder.remove());

  const ask = (path: string, init: RequestInit = {}) => fetch(`${portal.site}${path}`, { redirect: 'manual', ...init });
  const signIn = async (token: string): Promise<string> => {
    const { headers } = await ask('/login', { method: 'POST', body: new URLSearchParams({ token }) });
    return headers.get('set-cookie') ?? '';
  };
  const statusFor = async (path: string, cookie: string) => {
    const response = await ask(path, { headers: { Cookie: cookie } });
    await response.body?.cancel();
    return response.status;
  };
  const pairOf = (cookie: string) => cookie.split(';')[0] ?? '';

  test('hands out a session and never the token', async () => {
    const cookie = await signIn(ADMIN_TOKEN);
    assert.match(cookie, /^portal_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    assert.equal(await statusFor('/new', pairOf(cookie)), 200);
    assert.notEqual(pairOf(await signIn(ADMIN_TOKEN)), pairOf(cookie));
    assert.equal(await statusFor('/new', `portal_session=${ADMIN_TOKEN}`), 403);
    assert.equal(await statusFor('/new', `portal_token=${ADMIN_TOKEN}`), 403);
  });

  test('ends a session at sign-out, also for whoever copied the cookie', async () => {
    const cookie = pairOf(await signIn(portal.editor));
    assert.equal(await statusFor('/new', cookie), 200);
    const { status } = await ask('/logout', { method: 'POST', headers: { Cookie: cookie } });
    assert.equal(status, 303);
    assert.equal(await statusFor('/new', cookie), 403);
  });

  test('gives PostgreSQL no secret of its own environment', { skip: process.platform !== 'linux' }, async () => {
    const pid = await folder.postmaster();
    const variables = (await readFile(`/proc/${pid}/environ`, 'latin1')).split('\0').filter(Boolean);
    assert.deepEqual(
      variables.filter((variable) => /TOKEN|DATABASE_URL|EXAMPLE_DATA|ARCHIVER_/.test(variable)),
      [],
    );
    assert.ok(variables.some((variable) => variable.startsWith('PATH=')));
  });

  test('reads 100 kB of a body before it knows who sends it, and more of an editor', async () => {
    const large = JSON.stringify({ notes: 'x'.repeat(200_000) });
    const post = (headers: Record<string, string>) =>
      ask('/api/3/action/package_create', { method: 'POST', body: large, headers });
    assert.equal((await post({})).status, 413);
    assert.equal((await post({ Authorization: 'nobody' })).status, 413);
    assert.equal((await post({ Authorization: portal.editor })).status, 409);
    const form = new URLSearchParams({ token: 'x'.repeat(200_000) });
    assert.equal((await ask('/login', { method: 'POST', body: form })).status, 413);
    const small = new URLSearchParams({ token: 'x'.repeat(50_000) });
    assert.equal((await ask('/login', { method: 'POST', body: small })).status, 403);
  });

  test('knows no run that PostgreSQL could not name, nor the run of another dataset', async () => {
    const editor = new ActionClient(portal.site, portal.editor);
    const { id } = await editor.result('package_create', { name: 'closed-one', private: true });
    await editor.result('package_create', { name: 'open-one' });
    const admin = { method: 'POST', headers: { Authorization: ADMIN_TOKEN } };
    const run = (await ask(`/archiver/datasets/${id}/archive`, admin)).headers.get('location')?.split('/').at(-1);
    const cookie = pairOf(await signIn(ADMIN_TOKEN));
    assert.equal(await statusFor(`/dataset/closed-one?run=${run}`, cookie), 200);
    assert.equal(await statusFor(`/dataset/open-one?run=${run}`, ''), 404);
    for (const none of ['%00', 'a%00b', crypto.randomUUID()])
      assert.equal(await statusFor(`/dataset/open-one?run=${none}`, ''), 404, none);
  });
});

describe('sessions', () => {
  test('travel over TLS alone where the portal has it', async () => {
    const knex = openKnex('postgres://nobody@127.0.0.1:1/nowhere');
    const portal = createPortal({
      knex,
      archiver: createArchiver({ environment: {} }),
      settings: {},
      site: 'https://portal.example',
      tokens: { admin: ADMIN_TOKEN, editor: 'token-of-the-editor' },
      logger: pino({ level: 'silent' }),
    });
    const { headers } = await supertest(portal.app)
      .post('/login')
      .type('form')
      .send({ token: ADMIN_TOKEN })
      .expect(303);
    assert.match(
      String(headers['set-cookie']),
      /^portal_session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    await knex.destroy();
  });

  test('end after twelve hours without use', () => {
    let now = 0;
    const sessions = new Sessions(() => now);
    const id = sessions.open('editor');
    now += 11 * 3_600_000;
    assert.equal(sessions.roleOf(id), 'editor');
    now += 11 * 3_600_000;
    assert.equal(sessions.roleOf(id), 'editor');
    now += 12 * 3_600_000 + 1;
    assert.equal(sessions.roleOf(id), 'anonymous');
  });

  test('are held for ten thousand, and the oldest goes', () => {
    const sessions = new Sessions();
    const [first, second] = [sessions.open('editor'), sessions.open('editor')];
    for (let count = 2; count < 10_001; count++) sessions.open('editor');
    assert.deepEqual([sessions.roleOf(first), sessions.roleOf(second)], ['anonymous', 'editor']);
  });
});

describe('the lock of a folder', () => {
  let place: ExampleFolder;
  before(async () => {
    place = await ExampleFolder.create();
  });
  after(() => place.remove());
  const file = () => join(place.folder, 'lock');

  test('is not kept by whoever listens where a dead portal listened', async () => {
    const squatter = createServer(() => undefined).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => squatter.once('listening', resolve));
      const address = squatter.address();
      const port = typeof address === 'object' ? address?.port : 0;
      for (const dead of [
        { id: 'x', pid: 2 ** 22 + 1, port },
        { id: 'x', pid: process.ppid, startedAt: '1', port },
      ]) {
        await writeFile(file(), JSON.stringify(dead));
        const unlock = await lockFolder(place.folder);
        await unlock();
      }
    } finally {
      squatter.close();
    }
  });

  test('is kept while its process lives, and leaves nothing behind', async () => {
    const unlock = await lockFolder(place.folder);
    await assert.rejects(lockFolder(place.folder), /Another portal/);
    await unlock();
    await assert.rejects(stat(file()));
    await rm(file(), { force: true });
  });
});
