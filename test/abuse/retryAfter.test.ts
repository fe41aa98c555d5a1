import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Archival } from '../../plugin/model/archival.ts';
import { ManyHosts, sendCsv } from '../support/manyHosts.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const ASKED_S = 600;

describe('a host that asks for a pause', () => {
  let portal: ShownPortal;
  let hosts: ManyHosts;
  const asked: string[] = [];

  afterEach(async () => {
    await portal.close();
    await hosts.stop();
  });

  /** What its path begins with answers with that status and a `Retry-After`; all else is a file. */
  async function open(settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
    asked.length = 0;
    portal = await ShownPortal.open({ settings });
    hosts = await ManyHosts.start(1, (request, response, host) => {
      const { url = '/' } = request;
      asked.push(url);
      const status = Number(/^\/(\d+)/.exec(url)?.[1] ?? 200);
      if (status === 200) sendCsv(request, response, host);
      else response.writeHead(status, { 'retry-after': String(ASKED_S) }).end();
    });
  }

  async function save(id: string, path: string): Promise<void> {
    await addResource(portal.database.knex, id, hosts.url(0, path), `of-${id}`);
    await portal.archiver.hooks.afterResourceCreate({ resourceId: id, datasetId: `of-${id}` });
  }

  async function untilOf(id: string, holds: (archival: Archival) => boolean): Promise<Archival> {
    const { archivals } = recordsIn(portal.database.knex);
    await until(async () => {
      const archival = await archivals.get(id);
      return archival !== null && holds(archival);
    }, 60);
    const archival = await archivals.get(id);
    assert.ok(archival);
    return archival;
  }

  const untilRefused = (id: string) => untilOf(id, ({ code }) => code !== null);
  const waitsMs = ({ nextCheckAt }: Archival) => (nextCheckAt?.getTime() ?? 0) - Date.now();
  const pausedMs = async () => {
    const { pausedUntil = null } = (await recordsIn(portal.database.knex).hosts.get(hosts.hostOf(0))) ?? {};
    return pausedUntil && pausedUntil.getTime() - Date.now();
  };

  async function assertWell(): Promise<void> {
    assert.equal((await portal.agent().get('/health/ready')).status, 200);
    assert.deepEqual(portal.logged, []);
  }

  it('with a 503 for one path is asked for its other paths, and two of them within a minute pause it', async () => {
    await open();
    await save('first', '/503/first.csv');
    const first = await untilRefused('first');
    assert.equal(first.code, 'http-error');
    assert.ok(waitsMs(first) > 300_000, `the path is asked again in ${waitsMs(first)} ms`);
    assert.equal(await pausedMs(), null);
    await save('other', '/other.csv');
    await untilOf('other', ({ code }) => code === 'archived');

    await save('second', '/503/second.csv');
    await untilRefused('second');
    await until(async () => ((await pausedMs()) ?? 0) > 300_000);
    await save('late', '/late.csv');
    const late = await untilOf('late', (archival) => waitsMs(archival) > 0);
    assert.equal(late.code, null);
    assert.deepEqual(asked, ['/503/first.csv', '/other.csv', '/503/second.csv']);
    await assertWell();
  });

  it('with a 429 is left alone, no longer than the settings allow', async () => {
    await open({ retryAfterMaxMs: 60_000 });
    await save('first', '/429/first.csv');
    const first = await untilRefused('first');
    assert.equal(first.code, 'rate-limited');
    await until(async () => (await pausedMs()) !== null);
    const forMs = (await pausedMs()) ?? 0;
    assert.ok(forMs > 0 && forMs <= 60_000, `paused for ${forMs} ms`);
    await save('late', '/late.csv');
    assert.equal((await untilOf('late', (archival) => waitsMs(archival) > 0)).code, null);
    assert.deepEqual(asked, ['/429/first.csv']);
    await assertWell();
  });
});
