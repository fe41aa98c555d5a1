import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import express from 'express';
import supertest from 'supertest';
import { createArchiver } from '../../plugin/plugin.ts';
import { onError } from '../../plugin/show/problem.ts';
import { byHeader, ShownPortal } from '../support/shownPortal.ts';
import { SILENT } from '../support/testPortal.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('the routes of requests and runs', () => {
  let portal: ShownPortal;
  before(async () => {
    portal = await ShownPortal.open();
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n3,4\n' });
    portal.files.set('/two.csv', { body: 'a,b\n5,6\n7,8\n' });
    await portal.archived('r1', '/one.csv');
    await portal.archived('r2', '/two.csv');
    await portal.archived('broken', '/gone.csv', 'd2');
    await portal.archived('hidden', '/one.csv', 'secret');
  });
  after(() => portal.close());
  beforeEach(() => {
    portal.authorize = byHeader;
    portal.requests.length = 0;
  });

  const post = (path: string) => portal.agent().post(path).set('Authorization', 'admin');
  const get = (path: string) => portal.agent().get(path);

  test('archives a dataset again: 202, the Location of a run, each resource once (G18)', async () => {
    const answer = await post('/datasets/d1/archive').expect(202);
    assert.match(answer.body.id, UUID);
    assert.equal(answer.headers.location, `http://portal.example/archiver/runs/${answer.body.id}`);
    assert.deepEqual([answer.body.total, answer.body.endedAt], [2, null]);
    await portal.ended(answer.body.id);
    assert.deepEqual(portal.requests.toSorted(), ['/one.csv', '/two.csv']);
    const run = (await get(`/runs/${answer.body.id}`).expect(200)).body;
    assert.deepEqual(Object.keys(run).slice(0, 7), ['id', 'state', 'total', 'done', 'counts', 'createdAt', 'endedAt']);
    assert.deepEqual([run.state, run.total, run.done, run.counts], ['done', 2, 2, { 'same-hash': 2 }]);
    assert.match(run.createdAt, ISO);
    assert.match(run.endedAt, ISO);
  });

  test('archives one resource again', async () => {
    const { body } = await post('/resources/r1/archive').expect(202);
    await portal.ended(body.id);
    assert.deepEqual(portal.requests, ['/one.csv']);
  });

  test('answers a repeated Idempotency-Key of the same caller with the first run', async () => {
    const ask = (caller: string) =>
      portal.agent().post('/datasets/d1/archive').set('Authorization', caller).set('Idempotency-Key', 'k1');
    portal.authorize = () => true;
    const first = (await ask('one').expect(202)).body;
    const again = (await ask('one').expect(202)).body;
    const other = (await ask('two').expect(202)).body;
    assert.equal(again.id, first.id);
    assert.notEqual(other.id, first.id);
    await portal.ended(first.id);
    await portal.ended(other.id);
  });

  test('refuses an Idempotency-Key that was used for something else, or is none', async () => {
    const ask = (path: string, key: string) => post(path).set('Idempotency-Key', key);
    const { body } = await ask('/datasets/d1/archive', 'k2').expect(202);
    const answer = await ask('/resources/r1/archive', 'k2').expect(422);
    assert.equal(answer.body.code, 'idempotency-conflict');
    assert.equal((await ask('/resources/r1/archive', 'x'.repeat(256)).expect(400)).body.code, 'invalid-request');
    await portal.ended(body.id);
  });

  test('knows no dataset, resource or run that is not there', async () => {
    for (const path of [
      '/datasets/none/archive',
      '/resources/none/archive',
      `/runs/${crypto.randomUUID()}/cancel`,
      '/runs/%00/cancel',
    ]) {
      assert.equal((await post(path).expect(404)).body.code, 'not-found', path);
    }
    for (const path of ['/datasets/none', '/resources/none', '/runs/none', `/runs/${crypto.randomUUID()}`, '/']) {
      assert.equal((await get(path).expect(404)).body.code, 'not-found', path);
    }
  });

  test('never says that a copy was made and does not show it', async () => {
    const order: string[] = [];
    const { knex } = portal.database;
    type Statement = { readonly sql: string; readonly bindings?: readonly unknown[] };
    // What the worker asks for meanwhile is about no resource that is shown.
    const isShown = ({ bindings }: Statement) => JSON.stringify(bindings ?? []).includes('"r1"');
    const onAsked = (asked: Statement) =>
      void (isShown(asked) && asked.sql.includes('"archiver".copy') && order.push('copies'));
    const onAnswered = (_rows: unknown, asked: Statement) =>
      void (isShown(asked) && asked.sql.includes('"archiver".archival') && order.push('state'));
    knex.on('query', onAsked).on('query-response', onAnswered);
    try {
      await get('/resources/r1').expect(200);
      await get('/datasets/d1').expect(200);
    } finally {
      knex.off('query', onAsked).off('query-response', onAnswered);
    }
    assert.deepEqual(order.slice(0, 2), ['state', 'copies']);
    assert.deepEqual(order.slice(-2), ['state', 'copies']);
  });

  test('shows a resource with its copies, newest first', async () => {
    portal.files.set('/changing.csv', { body: 'a,b\n1,1\n' });
    await portal.archived('r3', '/changing.csv', 'd3');
    portal.files.set('/changing.csv', { body: 'a,b\n2,2\n' });
    const { body } = await post('/resources/r3/archive').expect(202);
    await portal.ended(body.id);
    const view = (await get('/resources/r3').expect(200)).body;
    const named = [
      'id',
      'datasetId',
      'url',
      'status',
      'code',
      'reason',
      'broken',
      'attempts',
      'checkedAt',
      'nextCheckAt',
    ];
    assert.deepEqual(Object.keys(view).slice(0, 11), [...named, 'copies']);
    assert.deepEqual(
      [view.id, view.datasetId, view.url, view.status, view.code, view.broken],
      ['r3', 'd3', portal.urlOf('/changing.csv'), 'Archived successfully', 'archived', false],
    );
    const [newest, oldest] = view.copies;
    assert.equal(view.copies.length, 2);
    assert.ok(newest.storedAt > oldest.storedAt);
    assert.deepEqual(Object.keys(newest).slice(0, 7), [
      'key',
      'url',
      'bytes',
      'md5',
      'sha256',
      'mediaType',
      'storedAt',
    ]);
    assert.match(newest.key, /^archive\/\d{8}T\d{6}Z\/r3\/changing\.csv$/);
    assert.equal(newest.url, `http://portal.example/archiver/${newest.key}`);
    assert.match(newest.md5, /^[0-9a-f]{32}$/);
    assert.match(newest.sha256, /^[0-9a-f]{64}$/);
    assert.deepEqual([newest.bytes, newest.mediaType], [8, 'text/csv']);
  });

  test('shows a dataset with its resources, the broken one with its reason', async () => {
    const { body } = await get('/datasets/d2').expect(200);
    assert.deepEqual(Object.keys(body), ['id', 'resources', 'next']);
    assert.equal(body.next, null);
    const [broken] = body.resources;
    assert.deepEqual(
      [broken.id, broken.status, broken.code, broken.broken, broken.lastAttempt.broken, broken.copies],
      ['broken', 'Download error', 'gone', null, true, []],
    );
    assert.match(broken.reason, /404/);
  });

  test('hides the credentials in a URL', async () => {
    await portal.archived('r4', '/x', 'd4');
    await portal.database.knex('resource').where({ id: 'r4' }).update({ url: 'http://user:word@127.0.0.1:1/x' });
    const { text } = await get('/resources/r4').expect(200);
    assert.doesNotMatch(text, /word/);
  });

  test('denies whatever the portal does not allow, also when its answer is no answer (G18)', async () => {
    portal.authorize = () => false;
    for (const path of ['/datasets/d1/archive', '/datasets/none/archive', '/resources/r1/archive']) {
      assert.equal((await post(path).expect(403)).body.code, 'forbidden', path);
    }
    await get('/resources/r1').expect(404);
    await get('/datasets/d1').expect(404);
    await get('/runs').expect(403);
    portal.authorize = () => {
      throw new Error('the portal is confused');
    };
    await post('/datasets/d1/archive').expect(403);
    // biome-ignore lint/suspicious/noExplicitAny: a host in plain JavaScript answers what it likes.
    portal.authorize = (() => 'yes') as any;
    await post('/datasets/d1/archive').expect(403);
    assert.deepEqual(portal.requests, []);
  });

  test('does not tell a private dataset from one that is not there (G24)', async () => {
    const hidden = await get('/datasets/secret').expect(404);
    const none = await get('/datasets/nothing').expect(404);
    assert.equal(hidden.body.detail.replace('secret', '…'), none.body.detail.replace('nothing', '…'));
    await get('/resources/hidden').expect(404);
    await get('/resources/hidden').set('Authorization', 'admin').expect(200);
  });

  test('lists runs for an administrator, and cancels one', async () => {
    const { body } = await portal.agent().get('/runs').set('Authorization', 'admin').expect(200);
    assert.ok(body.runs.length > 0);
    const { id } = body.runs[0];
    await get('/runs').expect(403);
    await portal.agent().post(`/runs/${id}/cancel`).expect(403);
    assert.equal((await post(`/runs/${id}/cancel`).expect(200)).body.state, 'done');
  });

  test('answers another method with 405 and those that are allowed', async () => {
    for (const [method, path, allowed] of [
      ['get', '/datasets/d1/archive', 'POST'],
      ['delete', '/resources/r1', 'GET, HEAD'],
      ['put', '/archive/x/y', 'GET, HEAD'],
      ['post', '/health/live', 'GET, HEAD'],
    ] as const) {
      const answer = await portal.agent()[method](path).expect(405);
      assert.deepEqual([answer.headers.allow, answer.body.code], [allowed, 'method-not-allowed'], path);
    }
  });

  test('answers every error as problem details that nobody keeps', async () => {
    for (const path of [
      '/nowhere',
      '/resources/none',
      '/runs',
      '/archive/x',
      '/resources/%E0%A4%A',
      '/resources/%00',
      '/runs/%00',
    ]) {
      const answer = await get(path);
      assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
      assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.deepEqual(Object.keys(answer.body), ['type', 'title', 'status', 'detail', 'code']);
      assert.equal(answer.body.status, answer.status);
    }
  });

  test('log what is wrong here, and not what a client cannot spell', async () => {
    const logged: object[] = [];
    const logger = { ...SILENT, error: (fields: object) => void logged.push(fields) };
    const broken = () => {
      throw new Error('broken');
    };
    const app = express().get('/:id', broken).use(onError(logger));
    await supertest(app).get('/%ff').expect(400);
    assert.deepEqual(logged, []);
    await supertest(app).get('/x').expect(500);
    assert.deepEqual(logged, [{ path: '/x', error: 'broken' }]);
  });

  test('lives before it is started, and is ready after', async () => {
    const asleep = supertest(createArchiver({ environment: {} }).handler);
    await asleep.get('/health/live').expect(200, { status: 'live' });
    assert.equal((await asleep.get('/health/ready').expect(503)).body.code, 'not-started');
    assert.equal((await asleep.get('/resources/r1').expect(503)).body.code, 'not-started');
    const { body } = await get('/health/ready').expect(200);
    assert.equal(body.ready, true);
    assert.deepEqual(Object.keys(body.checks), [
      'database',
      'queue',
      'store',
      'work',
      'lanes',
      'bulk',
      'webhooks',
      'outcomes',
      'addresses',
      'mail',
    ]);
  });

  test('work below a path of an Express application and in plain node:http', async () => {
    const app = express().use('/data/archiver', portal.archiver.handler);
    await supertest(app).get('/data/archiver/resources/r1').expect(200);
    await supertest(app).get('/data/archiver/nowhere').expect(404);
    const server = createServer((request, response) => portal.archiver.handler(request, response)).listen(
      0,
      '127.0.0.1',
    );
    const { port } = await new Promise<AddressInfo>((resolve) =>
      server.once('listening', () => resolve(server.address() as AddressInfo)),
    );
    const answer = await fetch(`http://127.0.0.1:${port}/resources/r1`);
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
    server.closeAllConnections();
    server.close();
  });
});
