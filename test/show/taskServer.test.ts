import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { TaskKind } from '../../plugin/show/taskGuard.ts';
import { openTaskServer, type TaskServer } from '../../plugin/show/taskServer.ts';
import { openTaskGuard } from '../../plugin/wiring/openTaskGuard.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const PLAIN = {
  taskAudience: null,
  taskServiceAccount: null,
  taskIssuer: 'https://accounts.google.com',
  taskKeysUrl: 'https://keys.example/certs',
};
const LOOPBACK = { host: '127.0.0.1', port: 0 };

/** A server whose tasks only count. */
class Served {
  readonly done: TaskKind[] = [];
  stops = 0;
  server: TaskServer | null = null;

  async open(): Promise<void> {
    this.server = await openTaskServer(LOOPBACK, quiet);
  }

  async begin(settings: Partial<Parameters<typeof openTaskGuard>[0]> = {}, environment = {}): Promise<void> {
    const count = async (kind: TaskKind) => ({ done: this.done.push(kind) });
    this.server?.begin({
      guard: await openTaskGuard({ ...PLAIN, ...settings }, environment),
      tasks: { sweep: () => count('sweep'), work: () => count('work') },
      stop: () => {
        this.stops += 1;
      },
    });
  }

  async ask(path: string, headers: Record<string, string> = {}, method = 'POST'): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.server?.port}${path}`, { method, headers });
    await response.arrayBuffer();
    return response.status;
  }

  async close(): Promise<void> {
    await this.server?.close();
  }
}

describe('the server of tasks', () => {
  const served = new Served();
  before(() => served.open());
  after(() => served.close());

  it('is there at once, but takes nothing before there is an archiver', async () => {
    assert.equal(await served.ask('/healthz', {}, 'GET'), 503);
    assert.equal(await served.ask('/tasks/work', { 'X-AppEngine-TaskName': 'one' }), 503);
    const warm = served.ask('/_ah/warmup', {}, 'GET');
    await served.begin();
    assert.equal(await warm, 200);
    for (const path of ['/healthz', '/_ah/start', '/_ah/warmup']) assert.equal(await served.ask(path, {}, 'GET'), 200);
    assert.deepEqual(served.done, []);
  });

  it('takes a sweep from cron alone, work from cron and from the tasks of a queue', async () => {
    const cases: readonly (readonly [string, Record<string, string>, number])[] = [
      ['/tasks/sweep', {}, 403],
      ['/tasks/sweep', { 'X-Appengine-Cron': 'false' }, 403],
      ['/tasks/sweep', { 'X-AppEngine-TaskName': 'one' }, 403],
      ['/tasks/sweep', { 'X-Appengine-Cron': 'true' }, 200],
      ['/tasks/work', {}, 403],
      ['/tasks/work', { 'X-AppEngine-TaskName': '' }, 403],
      ['/tasks/work', { 'X-CloudTasks-TaskName': 'one' }, 403],
      ['/tasks/work', { Authorization: 'Bearer anything' }, 403],
      ['/tasks/work', { 'X-AppEngine-TaskName': 'one' }, 200],
      ['/tasks/work', { 'X-Appengine-Cron': 'true' }, 200],
    ];
    for (const [path, headers, status] of cases) {
      assert.equal(await served.ask(path, headers), status, `${path} ${JSON.stringify(headers)}`);
    }
    assert.deepEqual(served.done.splice(0), ['sweep', 'work', 'work']);
    assert.equal(await served.ask('/tasks/sweep', { 'X-Appengine-Cron': 'true' }, 'GET'), 200, 'cron asks with GET');
  });

  it('gives back what runs when the instance is to stop', async () => {
    assert.equal(await served.ask('/_ah/stop', {}, 'GET'), 200);
    assert.equal(served.stops, 1);
  });

  it('has nothing else', async () => {
    assert.equal(await served.ask('/', {}, 'GET'), 404);
    assert.equal(await served.ask('/tasks/other', { 'X-Appengine-Cron': 'true' }), 404);
    assert.equal(await served.ask('/tasks/work', { 'X-Appengine-Cron': 'true' }, 'DELETE'), 405);
  });

  it('cannot listen where somebody else does', async () => {
    await assert.rejects(
      openTaskServer({ ...LOOPBACK, port: served.server?.port ?? 0 }, quiet),
      /Nothing can be served/,
    );
  });
});

describe('the tasks of another platform', () => {
  const AUDIENCE = 'https://archiver.example';
  const ACCOUNT = 'tasks@project.iam.gserviceaccount.com';
  const served = new Served();
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  let others: Awaited<ReturnType<typeof generateKeyPair>>;
  const keyServer = createServer(async (_, response) => {
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  });
  const settings = () => {
    const { port } = keyServer.address() as AddressInfo;
    const taskKeysUrl = `http://127.0.0.1:${port}/certs`;
    return { taskAudience: AUDIENCE, taskServiceAccount: ACCOUNT, taskKeysUrl };
  };
  before(async () => {
    keys = await generateKeyPair('RS256');
    others = await generateKeyPair('RS256');
    await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve));
    await served.open();
    await served.begin(settings());
  });
  after(async () => {
    await served.close();
    keyServer.closeAllConnections();
    keyServer.close();
  });

  const tokenOf = (changes: Record<string, unknown> = {}, key = keys.privateKey) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: 'https://accounts.google.com', aud: AUDIENCE, email: ACCOUNT, email_verified: true };
    const times = { iat: now, exp: now + 3600 };
    return new SignJWT({ ...claims, ...times, ...changes }).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(key);
  };
  const bearing = async (token: Promise<string>) =>
    served.ask('/tasks/work', { Authorization: `Bearer ${await token}` });

  it('are taken with a token of the service account for this audience', async () => {
    assert.equal(await bearing(tokenOf()), 200);
    assert.equal(await bearing(tokenOf({ iss: 'accounts.google.com' })), 200);
    assert.equal(await served.ask('/tasks/sweep', { Authorization: `Bearer ${await tokenOf()}` }), 200);
  });

  it('are refused with any other token', async () => {
    const past = Math.floor(Date.now() / 1000) - 7200;
    const refused: Record<string, Promise<string>> = {
      'for another audience': tokenOf({ aud: 'https://other.example' }),
      'of another account': tokenOf({ email: 'other@project.iam.gserviceaccount.com' }),
      'of an account that nobody verified': tokenOf({ email_verified: false }),
      'of another issuer': tokenOf({ iss: 'https://issuer.example' }),
      'that is over': tokenOf({ iat: past, exp: past + 60 }),
      'with another key': tokenOf({}, others.privateKey),
      'that is none': Promise.resolve('a.b.c'),
    };
    served.done.length = 0;
    for (const [what, token] of Object.entries(refused)) assert.equal(await bearing(token), 403, what);
    assert.deepEqual(served.done, []);
  });

  it('are refused with headers that only App Engine keeps from strangers', async () => {
    assert.equal(await served.ask('/tasks/sweep', { 'X-Appengine-Cron': 'true' }), 403);
    assert.equal(await served.ask('/tasks/work', { 'X-AppEngine-TaskName': 'one' }), 403);
    await served.begin(settings(), { GAE_ENV: 'standard' });
    assert.equal(await served.ask('/tasks/work', { 'X-AppEngine-TaskName': 'one' }), 200, 'there it is App Engine');
    assert.equal(await bearing(tokenOf()), 200);
  });
});
