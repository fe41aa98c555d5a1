import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { it } from 'node:test';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const BODY = 'id,value\n1,2\n';
/** Each is no length by RFC 9112 section 6.3, or two of them. */
const LENGTHS = ['9e999', '-5', '+13', '0x0d', '13.0', '13, 14'];

it('a length that is none is refused, whichever it is, and a body goes by what is right', async () => {
  const portal = await ShownPortal.open({
    settings: { hostRequestsPerSecond: 100, hostBurst: 100, retryDelaysMs: '100' },
  });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (head) => {
      const [, at = ''] = /^GET \/(\d+)/.exec(head.toString('latin1')) ?? [];
      const length = LENGTHS[Number(at)] ?? String(BODY.length);
      socket.end(
        `HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${BODY}`,
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const { archivals, copies } = recordsIn(portal.database.knex);
    const ids = [...LENGTHS, 'right'].map((_, at) => `r${at}`);
    for (const [at, id] of ids.entries()) {
      await addResource(portal.database.knex, id, `http://127.0.0.1:${port}/${at}`, id);
      await portal.archiver.hooks.afterResourceCreate({ resourceId: id, datasetId: id });
    }
    await until(async () => (await archivals.getMany(ids)).every(({ code }) => code !== null), 60);
    const codes = new Map((await archivals.getMany(ids)).map(({ resourceId, code }) => [resourceId, code]));
    assert.deepEqual(
      ids.map((id) => codes.get(id)),
      [...LENGTHS.map(() => 'protocol'), 'archived'],
    );
    assert.deepEqual([...(await copies.listByResources(ids)).keys()], [ids.at(-1)]);
    assert.equal((await portal.agent().get('/health/ready')).status, 200);
    assert.deepEqual(portal.logged, []);
  } finally {
    await portal.close();
    server.close();
  }
});
