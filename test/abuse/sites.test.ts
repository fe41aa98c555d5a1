import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { drip, ManyHosts, sendCsv } from '../support/manyHosts.ts';
import { NameServer } from '../support/nameServer.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const ANSWER_MS = 60;
const HOSTS = 16;
/** Nothing becomes slow on a busy machine, and no host's own limits hold anything up. */
const QUICK = { slowAfterMs: 600_000, hostRequestsPerSecond: 1000, hostBurst: 100, retryDelaysMs: '100' };

describe('hosts of one', () => {
  let portal: ShownPortal;
  let names: NameServer | null = null;
  const crowds: ManyHosts[] = [];

  afterEach(async () => {
    await portal.close();
    await names?.stop();
    names = null;
    for (const crowd of crowds.splice(0)) await crowd.stop();
  });

  async function crowd(...how: Parameters<typeof ManyHosts.start>): Promise<ManyHosts> {
    const started = await ManyHosts.start(...how);
    crowds.push(started);
    return started;
  }

  const lateCsv: Parameters<typeof ManyHosts.start>[1] = async (request, response, host) => {
    await wait(ANSWER_MS);
    sendCsv(request, response, host);
  };

  async function add(prefix: string, count: number, urlOf: (index: number) => string): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    for (const [index, id] of ids.entries())
      await addResource(portal.database.knex, id, urlOf(index), `of-${prefix}${index}`);
    return ids;
  }

  async function save(ids: readonly string[]): Promise<void> {
    for (const id of ids) await portal.archiver.hooks.afterResourceCreate({ resourceId: id, datasetId: `of-${id}` });
  }

  async function archived(ids: readonly string[]): Promise<void> {
    const { archivals } = recordsIn(portal.database.knex);
    await until(
      async () => (await archivals.getMany(ids)).filter(({ code }) => code === 'archived').length === ids.length,
      120,
    );
  }

  /** All slots are given back and nobody waits; nothing was complained about. */
  async function assertWell(): Promise<void> {
    const { knex } = portal.database;
    await until(async () => (await knex('archiver.host_slot').where('until', '>', knex.fn.now())).length === 0);
    assert.equal((await portal.agent().get('/health/ready')).status, 200);
    assert.deepEqual(portal.logged, []);
  }

  it('address have no more asked at a time than it may have, in both lanes, and all are served', async () => {
    portal = await ShownPortal.open({ settings: { ...QUICK, addressConcurrency: 4 } });
    const hosts = await crowd(HOSTS, lateCsv);
    const swept = await add('swept', 2 * HOSTS, (index) => hosts.url(index, `/s${index}.csv`));
    await portal.archiver.archive.sweep({ dryRun: false });
    const saved = await add('saved', 2 * HOSTS, (index) => hosts.url(index, `/p${index}.csv`));
    await save(saved);
    await archived([...saved, ...swept]);
    assert.ok(hosts.most <= 4, `${hosts.most} requests at a time`);
    assert.equal(hosts.requests, 4 * HOSTS);
    await assertWell();
  });

  it('domain share places wherever they are, other domains do not, and a host’s own setting lifts it', async () => {
    const addresses = new Map<string, string>();
    names = await NameServer.start(({ name, type }) => (type === 'A' ? [addresses.get(name) ?? '127.3.0.1'] : []));
    const hosts = await crowd(HOSTS, lateCsv, (host) => `127.3.0.${host + 1}`);
    // None of them answers before four are asked together.
    const own: ManyHosts = await crowd(
      8,
      async (request, response, host) => {
        await until(() => own.most >= 4, 60);
        sendCsv(request, response, host);
      },
      (host) => `127.4.0.${host + 1}`,
    );
    const named = (all: ManyHosts, domain: string) => (index: number) => {
      const { hostname, port } = new URL(all.url(index, '/'));
      const name = `h${hostname.split('.')[3]}.${domain}`;
      addresses.set(name, hostname);
      return `http://${name}:${port}/${index}.csv`;
    };
    portal = await ShownPortal.open({
      settings: {
        ...QUICK,
        addressConcurrency: 1,
        domainConcurrency: 3,
        dnsServers: `127.0.0.1:${names.server.port}`,
        hostsFile: false,
        hosts: { '*.lifted.example': { limits: { domainConcurrency: 0 } } },
      },
    });
    const limited = await add('limited', 2 * HOSTS, named(hosts, 'shared.example'));
    const lifted = await add('lifted', 8, named(own, 'lifted.example'));
    await save([...limited, ...lifted]);
    await archived([...limited, ...lifted]);
    assert.ok(hosts.most <= 3, `${hosts.most} requests at a time`);
    await assertWell();
  });

  it('address that lead to one another count once, and never wait for each other', async () => {
    portal = await ShownPortal.open({ settings: { ...QUICK, hostConcurrency: 1, addressConcurrency: 1 } });
    const last = await crowd(1, lateCsv);
    const first = await crowd(4, ({ url }, response) => {
      response.writeHead(302, { location: last.url(0, url ?? '/') }).end();
    });
    const saved = await add('saved', 8, (index) => first.url(index, `/${index}.csv`));
    await save(saved);
    await archived(saved);
    assert.equal(last.most, 1);
    assert.equal(last.requests, 8);
    await assertWell();
  });

  it('address count there once they were connected to, whatever their name server said before', async () => {
    let victimAt = '127.0.0.1';
    // Whoever asks first is told of an address where nobody is asked, each name of another.
    const decoys = new Map<string, string>();
    names = await NameServer.start(({ name, type, asked }) => {
      if (type !== 'A') return [];
      if (!decoys.has(name)) decoys.set(name, `127.5.0.${decoys.size + 1}`);
      return [asked === 0 ? (decoys.get(name) ?? victimAt) : victimAt];
    });
    const victim = await crowd(1, lateCsv);
    const { hostname, port } = new URL(victim.url(0, '/'));
    victimAt = hostname;
    portal = await ShownPortal.open({
      settings: { ...QUICK, addressConcurrency: 2, dnsServers: `127.0.0.1:${names.server.port}`, hostsFile: false },
    });
    const urlOf = (round: number) => (index: number) => `http://data.d${index}.example:${port}/${round}.csv`;
    const first = await add('first', HOSTS, urlOf(1));
    await save(first);
    await archived(first);
    victim.most = 0;
    const second = await add('second', HOSTS, urlOf(2));
    await save(second);
    await archived(second);
    assert.ok(victim.most <= 2, `${victim.most} requests at a time`);
    await assertWell();
  });

  it('address that drip hold no more than half of its places', async () => {
    portal = await ShownPortal.open({ settings: { ...QUICK, slowAfterMs: 500, addressConcurrency: 4 } });
    const slow = await crowd(8, drip);
    const healthy = await crowd(1, sendCsv);
    await save(await add('slow', 8, (index) => slow.url(index, '/slow.csv')));
    await until(() => slow.active >= 4, 60);
    const saved = await add('saved', 2, (index) => healthy.url(0, `/${index}.csv`));
    await save(saved);
    await archived(saved);
    assert.equal((await portal.agent().get('/health/ready')).status, 200);
    assert.deepEqual(portal.logged, []);
  });
});
