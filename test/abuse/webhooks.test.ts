import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

const SECRET = `whsec_${Buffer.from('a secret that nobody knows').toString('base64')}`;

describe('receivers of webhooks that misbehave', () => {
  let portal: ShownPortal;
  let receiver: Server;
  let gone = true;
  const received: string[] = [];
  const hanging: ServerResponse[] = [];

  before(async () => {
    receiver = createServer((request, response) => {
      request.resume();
      received.push(request.url ?? '');
      if (request.url === '/hanging') hanging.push(response);
      else response.writeHead(request.url === '/gone' && gone ? 410 : 204).end();
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const { port } = receiver.address() as AddressInfo;
    const webhooks = ['hanging', 'gone', 'good'].map((name) => ({
      url: `http://127.0.0.1:${port}/${name}`,
      secret: SECRET,
    }));
    portal = await ShownPortal.open({ settings: { webhooks: JSON.stringify(webhooks) } });
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
  });
  after(async () => {
    for (const response of hanging) response.destroy();
    receiver.closeAllConnections();
    receiver.close();
    await portal.close();
  });

  const count = (path: string) => received.filter((url) => url === path).length;
  const waitingFor = async (path: string) => {
    const rows = await portal.database.knex('archiver.webhook_delivery').select('target');
    return rows.filter(({ target }) => String(target).endsWith(path)).length;
  };

  test('delay nobody else when they hang', async () => {
    await portal.archived('r1', '/one.csv');
    await until(() => hanging.length > 0 && count('/good') >= 2);
    const before = count('/good');
    await portal.archived('r2', '/one.csv');
    await until(() => count('/good') >= before + 2);
    assert.ok(
      hanging.every((response) => !response.writableEnded),
      'the one that hangs hangs on',
    );
  });

  test('get nothing more after 410, and the log and readiness say so', async () => {
    const message = 'a webhook receiver answered 410 Gone and is disabled until a worker starts again';
    await until(() => portal.logged.some((line) => line.message === message));
    const told = portal.logged.filter((line) => line.message === message);
    assert.deepEqual([told.length, told[0]?.level], [1, 'error']);
    assert.doesNotMatch(JSON.stringify(told), /\/gone|whsec/);
    const { body } = await portal.agent().get('/health/ready').expect(200);
    assert.deepEqual(body.checks.webhooks, {
      ok: true,
      detail: '1 webhook receiver answered 410 Gone; nothing is sent there.',
    });
    const before = count('/gone');
    const good = count('/good');
    await portal.archived('r3', '/one.csv');
    await until(() => count('/good') >= good + 2);
    assert.equal(count('/gone'), before);
    assert.equal(await waitingFor('/gone'), 0);
  });

  test('get what happens after a worker has started again', async () => {
    gone = false;
    for (const response of hanging.splice(0)) response.writeHead(204).end();
    await portal.archiver.stop();
    await portal.archiver.start();
    const before = count('/gone');
    await until(async () => (await portal.agent().get('/health/ready')).body.checks.webhooks.detail === null);
    await portal.archived('r4', '/one.csv');
    await until(() => count('/gone') > before);
  });
});
