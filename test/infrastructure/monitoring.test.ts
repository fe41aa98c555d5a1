import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { program } from '../support/infrastructure.ts';
import { TestPrometheus } from '../support/prometheus.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

const TOKEN = 'a-token-of-thirty-two-characters';

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

describe('the examples for Prometheus and Grafana', {
  skip: program('prometheus', 'prometheus')?.missing ?? false,
}, () => {
  let portal: ShownPortal;
  let server: Server;
  let prometheus: TestPrometheus;

  before(async () => {
    portal = await ShownPortal.open({ settings: { metricsToken: TOKEN } });
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('r1', '/one.csv');
    server = createServer(portal.handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    prometheus = await TestPrometheus.start(new URL(`http://127.0.0.1:${port}/metrics`), TOKEN);
    await until(async () => (await prometheus.query('archiver_build_info')).length > 0, 60);
  });
  after(async () => {
    await prometheus?.stop();
    server?.close();
    server?.closeAllConnections();
    await portal?.close();
  });

  it('ask in each picture for what a real scrape holds', async () => {
    const { panels }: Dashboard = JSON.parse(await readFile('examples/monitoring/dashboard.json', 'utf8'));
    const expressions = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
    assert.ok(expressions.length >= 20);
    // A rate needs two scrapes.
    await until(async () => (await prometheus.query('rate(archiver_requests_total[1m])')).length > 0, 60);
    for (const { title, expr } of expressions) {
      const filled = expr.replaceAll('$job', 'portal-archiver').replaceAll('$__rate_interval', '1m');
      const answer = await prometheus.query(filled);
      assert.ok(answer.length > 0, `${title}: nothing answers ${filled}`);
    }
  });

  it('watch by rules that all can be evaluated, over metrics that are there', async () => {
    const loaded = () => prometheus.rules();
    await until(async () => (await loaded()).every(({ health }) => health !== 'unknown'), 60);
    const rules = await loaded();
    assert.equal(rules.length, 9);
    assert.deepEqual(
      rules.filter(({ health }) => health !== 'ok'),
      [],
    );
    for (const name of new Set(rules.flatMap(({ query }) => query.match(/\barchiver_\w+/g) ?? [])))
      assert.ok((await prometheus.query(name)).length > 0, `${name} is no metric of ours`);
  });

  it('tell of a check that fails', async () => {
    assert.deepEqual(await prometheus.query('archiver_up == 0'), []);
    assert.deepEqual(await prometheus.query('up{job="portal-archiver"} == 0'), []);
  });
});
