import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { recordsIn } from '../support/recordsIn.ts';
import { byHeader, ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

describe('requests from pages of other sites', () => {
  let portal: ShownPortal;
  before(async () => {
    portal = await ShownPortal.open({ site: 'https://data.example' });
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('r1', '/one.csv');
  });
  after(() => portal.close());
  beforeEach(() => {
    portal.authorize = byHeader;
    portal.logged.length = 0;
  });

  const FOREIGN: readonly Record<string, string>[] = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'Cross-Site' },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: 'http://data.example' },
    { Origin: 'https://data.example.evil.example' },
    { Origin: 'https://data.example:444' },
    { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'same-origin' },
    { Origin: 'https://data.example', 'Sec-Fetch-Site': 'cross-site' },
  ];
  const OWN: readonly Record<string, string>[] = [
    {},
    { Origin: 'https://data.example' },
    { Origin: 'https://data.example', 'Sec-Fetch-Site': 'same-origin' },
    { 'Sec-Fetch-Site': 'none' },
  ];

  test('change nothing, whatever authorize says', async () => {
    portal.authorize = () => true;
    const { body: run } = await portal.agent().post('/resources/r1/archive').expect(202);
    await portal.ended(run.id);
    portal.requests.length = 0;
    for (const path of ['/resources/r1/archive', '/datasets/d1/archive', `/runs/${run.id}/cancel`]) {
      for (const headers of FOREIGN) {
        const { status, body } = await portal.agent().post(path).set(headers);
        assert.deepEqual([status, body.code], [403, 'forbidden'], `${path} ${JSON.stringify(headers)}`);
      }
    }
    assert.deepEqual(portal.requests, []);
    assert.equal(portal.logged.length, 3 * FOREIGN.length);
    const said = { level: 'warn', message: 'refused what a page of another site sent' };
    const fields = { path: '/resources/r1/archive', origin: null };
    assert.deepEqual(portal.logged[0], { ...said, fields });
  });

  test('are told from those of the portal itself and of programs', async () => {
    for (const headers of OWN) {
      const { body } = await portal
        .agent()
        .post('/resources/r1/archive')
        .set({ Authorization: 'admin', ...headers });
      await portal.ended(body.id);
    }
    assert.deepEqual(portal.logged, []);
  });

  test('may read what anybody may read', async () => {
    for (const headers of FOREIGN) await portal.agent().get('/resources/r1').set(headers).expect(200);
  });
});

describe('requests that weigh more than they say', () => {
  let portal: ShownPortal;
  let server: Server;
  const held: ServerResponse[] = [];
  const publisher = createServer((_request, response) => void held.push(response));
  const asked: string[] = [];

  before(async () => {
    portal = await ShownPortal.open();
    portal.authorize = (_request, { action }) => asked.push(action) > 0;
    server = createServer(portal.handler).listen(0, '127.0.0.1');
    publisher.listen(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(publisher, 'listening')]);
  });
  after(async () => {
    for (const one of [server, publisher]) {
      one.closeAllConnections();
      one.close();
    }
    await portal.close();
  });

  const send = async (head: string, body: () => string): Promise<string> => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.write(`POST /resources/r1/archive HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const pump = () => {
      while (!socket.destroyed && socket.write(body()));
    };
    socket.on('drain', pump);
    if (body() !== '') pump();
    await closed;
    return said;
  };

  test('are refused by their announced length before anybody asks who sent them', async () => {
    asked.length = 0;
    assert.match(
      await send('Content-Length: 102401', () => ''),
      /^HTTP\/1\.1 413 Payload Too Large[\s\S]*"payload-too-large"/,
    );
    assert.deepEqual(asked, []);
  });

  test('are cut off when they go on without a length', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    asked.length = 0;
    assert.match(await send('Transfer-Encoding: chunked', () => chunk), /^HTTP\/1\.1 413 /);
    assert.deepEqual(asked, []);
    const short = 'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0';
    assert.match(await send(short, () => ''), /^HTTP\/1\.1 404 /);
  });

  test('leave a resource at most a hundred waiting runs; older ones count it as superseded', async () => {
    const { knex } = portal.database;
    await addResource(knex, 'busy', `http://127.0.0.1:${(publisher.address() as AddressInfo).port}/busy.csv`);
    await portal.archiver.hooks.afterResourceCreate({ resourceId: 'busy', datasetId: 'd1' });
    await until(() => held.length === 1);
    const ids: string[] = [];
    for (let count = 0; count < 120; count++) {
      const { body } = await portal.agent().post('/resources/busy/archive').expect(202);
      ids.push(body.id);
    }
    const [row] = await knex('archiver.archival').where({ resource_id: 'busy' }).select('run_ids');
    assert.deepEqual(row.run_ids, ids.slice(20));
    const runs = recordsIn(knex).runs;
    for (const id of ids.slice(0, 20)) {
      const run = await runs.get(id);
      assert.deepEqual([run?.state, run?.done, run?.counts], ['done', 1, { superseded: 1 }]);
      assert.ok(run?.endedAt);
    }
    await portal.agent().get(`/runs/${ids[0]}`).expect(200);
    // Many saves in between, which belong to no run, drop none.
    await portal.archiver.hooks.afterResourceUpdate({ resourceId: 'busy', datasetId: 'd1', fileReplaced: true });
    const serve = setInterval(() => {
      for (const response of held.splice(0)) response.setHeader('Content-Type', 'text/csv').end('a,b\n1,2\n');
    }, 20);
    for (const id of ids.slice(20)) await portal.ended(id);
    clearInterval(serve);
  });

  test('know no run whose name PostgreSQL cannot store', async () => {
    for (const path of ['/runs/%00', '/runs/a%00b', '/archive/%00', '/resources/%00', '/datasets/%00'])
      await portal.agent().get(path).expect(404);
    await portal.agent().post('/runs/%00/cancel').expect(404);
    assert.equal(await portal.archiver.archive.runs.get('\0'), null);
    assert.deepEqual(
      portal.logged.filter(({ level }) => level === 'error'),
      [],
    );
  });

  test('leave no run for longer than the operator says', async () => {
    const { runs } = recordsIn(portal.database.knex);
    const [newest] = await runs.list(1);
    assert.ok(newest);
    const old = new Date(Date.now() - 91 * 86_400_000);
    await portal.database.knex('archiver.run').where({ id: newest.id }).update({ created_at: old, ended_at: old });
    await portal.archiver.archive.sweep({ dryRun: false });
    assert.equal(await runs.get(newest.id), null);
    assert.ok((await runs.list(200)).length > 100);
  });
});
