import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { webhookRetryDelay } from '../../plugin/decide/webhookRetry.ts';
import type { ArchiveEvent } from '../../plugin/notify/Listener.ts';
import { recordsWithEvents } from '../../plugin/notify/recordsWithEvents.ts';
import { deliveriesOf, type Webhooks } from '../../plugin/notify/webhooks.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { openWebhooks } from '../../plugin/wiring/openWebhooks.ts';
import { outcomeOf, type TestRecords, testRecords } from '../support/recordFixtures.ts';
import { SILENT } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const SECRET = `whsec_${Buffer.from('a secret that nobody knows').toString('base64')}`;
const HOUR_MS = 3600 * 1000;

const EVENT: ArchiveEvent = {
  id: 'e1',
  name: 'archive.failed',
  at: new Date('2026-01-02T03:04:05Z'),
  queue: 'agenda-postgresql',
  datasetId: 'd1',
  resourceId: 'r1',
  runId: null,
  code: 'gone',
  status: 'Download error',
  reason: 'The server answered 404 Not Found.',
  cacheUrl: null,
};

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('webhooks', () => {
  let test: TestRecords;
  let receiver: Server;
  let url = '';
  let answers: number[] = [];
  let received: Received[] = [];
  let connections = 0;
  let webhooks: Webhooks | null = null;
  let now = new Date();

  before(async () => {
    test = await testRecords();
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        response.writeHead(answers.shift() ?? 204).end();
      });
    });
    receiver.on('connection', () => {
      connections += 1;
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  });
  after(async () => {
    await new Promise((resolve) => receiver.close(resolve));
    await test.close();
  });

  beforeEach(async () => {
    await test.knex.raw('truncate archiver.webhook_delivery, archiver.webhook_receiver');
    answers = [];
    received = [];
    connections = 0;
    now = new Date();
  });
  afterEach(async () => {
    await webhooks?.close();
    webhooks = null;
  });

  function open(allowNetworks: string, events?: readonly string[]): Webhooks {
    const target = { url, secret: SECRET, ...(events && { events }) };
    const config = loadConfig({ environment: {}, settings: { allowNetworks, webhooks: JSON.stringify([target]) } });
    webhooks = openWebhooks(config, test.records, () => now, SILENT);
    return webhooks;
  }

  const note = (events?: readonly string[]) =>
    test.records.deliveries.add(deliveriesOf(EVENT, [{ url, secret: SECRET, ...(events && { events }) }]), now);

  async function waiting(): Promise<{ attempts: number; next_at: Date }[]> {
    return test.knex.withSchema('archiver').select('attempts', 'next_at').from('webhook_delivery');
  }

  it('are signed so that the receiver’s library accepts them', async () => {
    await note();
    open('127.0.0.0/8').wake();
    await until(async () => (await waiting()).length === 0);
    assert.equal(received.length, 1);
    const { headers, body } = received[0] ?? { headers: {}, body: '' };
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
    const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
    const { id, name, at, ...data } = EVENT;
    assert.deepEqual(new Webhook(SECRET).verify(body, signed), { type: name, timestamp: at.toISOString(), data });
    assert.equal(headers['webhook-id'], id);
    assert.throws(() => new Webhook(SECRET).verify(body.replace('r1', 'r2'), signed));
  });

  it('are sent again, later and later, with the same id', async () => {
    answers = [500, 503];
    await note();
    const sender = open('127.0.0.0/8');
    for (const failures of [1, 2]) {
      const before = now;
      sender.wake();
      await until(async () => (await waiting())[0]?.attempts === failures);
      const [{ next_at: nextAt } = { next_at: before }] = await waiting();
      assert.ok(nextAt > before);
      now = nextAt;
    }
    sender.wake();
    await until(async () => (await waiting()).length === 0);
    assert.deepEqual(
      received.map(({ headers }) => headers['webhook-id']),
      ['e1', 'e1', 'e1'],
    );
  });

  it('are tried for about a day, then given up', () => {
    const waits: number[] = [];
    for (let attempts = 1; ; attempts++) {
      const waitMs = webhookRetryDelay(attempts, 0);
      if (waitMs === null) break;
      waits.push(waitMs);
    }
    const total = waits.reduce((sum, wait) => sum + wait, 0);
    assert.ok(total >= 24 * HOUR_MS && total < 30 * HOUR_MS);
    assert.deepEqual(
      waits,
      [...waits].sort((one, other) => one - other),
    );
  });

  it('never connect to an address that the guard blocks', async () => {
    await note();
    open('').wake();
    await until(async () => (await waiting())[0]?.attempts === 1);
    assert.equal(connections, 0);
    assert.equal(received.length, 0);
  });

  it('go to those only who want the event', async () => {
    await note(['archive.succeeded']);
    assert.deepEqual(await waiting(), []);
    await note(['archive.failed']);
    assert.equal((await waiting()).length, 1);
  });

  it('to a receiver that was taken out of the settings are dropped', async () => {
    const elsewhere = { url: `${url}/old`, secret: SECRET };
    await test.records.deliveries.add(deliveriesOf(EVENT, [elsewhere]), now);
    open('127.0.0.0/8').wake();
    await until(async () => (await waiting()).length === 0);
    assert.equal(received.length, 0);
  });

  it('commit with the end of the archival that they tell of', async () => {
    const { archivals } = test.records;
    const request = { resourceId: 'r1', datasetId: 'd1', url: 'https://data.example/1.csv', host: 'data.example' };
    await archivals.request([request], { lane: 'priority', runId: null, now });
    const lease = await archivals.lease('r1', { owner: 'a', leaseMs: 30_000, now });
    assert.ok(lease);
    const deliveries = deliveriesOf(EVENT, [{ url, secret: SECRET }]);
    const stale = { ...lease, token: lease.token - 1 };
    await archivals.record([outcomeOf(stale, { deliveries })]);
    assert.deepEqual(await waiting(), []);
    await archivals.record([outcomeOf(lease, { deliveries })]);
    assert.equal((await waiting()).length, 1);
  });

  it('commit with the request, the run and the removal that they tell of', async () => {
    const emitted: string[] = [];
    const { archivals, runs } = recordsWithEvents(test.records, {
      config: { webhooks: [{ url, secret: SECRET }] },
      queueName: 'agenda-postgresql',
      now: () => now,
      emit: ({ name }) => emitted.push(name),
    });
    const requestOf = (resourceId: string) => ({ resourceId, datasetId: 'd1', url: 'https://x.example/1', host: 'x' });
    const how = { lane: 'priority', runId: null, now } as const;
    const run = { kind: 'resource', lane: 'priority', subjectId: 'e2', datasetId: null, total: 1 } as const;
    const origin = { caller: null, idempotencyKey: null, now };
    const changes = [
      () => archivals.request([requestOf('e1')], how),
      () => runs.create(run, origin, [requestOf('e2')]),
      () => archivals.forget(['e1']),
    ];
    for (const change of changes) {
      await test.knex.raw('alter table archiver.webhook_delivery add constraint refused check (false) not valid');
      const before = await archivals.getMany(['e1', 'e2']);
      await assert.rejects(change, /webhook deliveries/);
      assert.deepEqual(await archivals.getMany(['e1', 'e2']), before);
      await test.knex.raw('alter table archiver.webhook_delivery drop constraint refused');
      await change();
    }
    assert.deepEqual(emitted, ['archive.queued', 'archive.queued', 'archive.removed']);
    assert.equal((await waiting()).length, 3);
    await archivals.forget(['e1']);
    assert.equal((await waiting()).length, 3, 'what was gone already is told no second time');
  });
});
