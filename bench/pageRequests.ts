import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Knex } from 'knex';
import { createArchiver } from '../plugin/plugin.ts';
import { say } from './options.ts';
import { testPortal } from './portal.ts';
import { alone, type Row } from './rows.ts';

/** Pages, lists and files, as somebody who looks after the archive asks for them; `{n}` stands for another one each time. */
const PAGES: readonly string[] = [
  '/admin',
  '/admin/links',
  '/admin/links?organisation=o1',
  '/admin/links?host=h{n}.example',
  '/admin/links?age=365',
  '/admin/links.json?limit=1000',
  '/admin/organisations',
  '/admin/hosts',
  '/admin/hosts?order=broken',
  '/admin/hosts/h{n}.example',
  '/admin/resources/r00000{n}',
  '/admin/datasets/d1',
  '/admin/runs',
  '/admin/queue',
  '/admin/settings',
  '/resources?broken=true',
  '/resources?changedSince=2026-01-01T00:00:00Z',
  '/hosts',
  '/organisations',
  '/resources/r00000{n}/events',
  '/datasets/d1',
  '/quality.jsonld',
  '/feed.atom',
  '/metrics',
];
const MB = 1e6;

/** What every page costs with all that makes a page of it, and what a table of all broken links holds in memory. */
export async function requestPages(knex: Knex, { times, aimMs }: { readonly times: number; readonly aimMs: number }) {
  await fillDataset(knex);
  const archiver = createArchiver({ environment: {} });
  archiver.register(testPortal({ knex, settings: { minFreeBytes: 0 } }));
  await archiver.start({ roles: ['web'] });
  const server = createServer((request, response) => archiver.handler(request, response)).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const rows: Row[] = [];
    for (const path of PAGES) rows.push(await timePage(site, path, { times, aimMs }));
    return [...rows, ...(await readCsv(`${site}/admin/links.csv`))];
  } finally {
    server.closeAllConnections();
    server.close();
    await archiver.stop();
  }
}

/** The dataset that pages are asked about, in the portal. */
async function fillDataset(knex: Knex): Promise<void> {
  await knex('package').insert({ id: 'd1', name: 'dataset-1', private: false }).onConflict('id').ignore();
  await knex.raw(`insert into resource (id, package_id, url, name)
    select resource_id, 'd1', url, resource_id from archiver.archival where resource_id between 'r0000010' and 'r0000099'
    on conflict do nothing`);
}

async function timePage(
  site: string,
  path: string,
  { times, aimMs }: { readonly times: number; readonly aimMs: number },
): Promise<Row> {
  const ask = async (n: number): Promise<number> => {
    const started = performance.now();
    const answer = await fetch(`${site}${path.replace('{n}', String(10 + (n % 90)))}`);
    await answer.text();
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}.`);
    return performance.now() - started;
  };
  await ask(0);
  const taken: number[] = [];
  for (let n = 0; n < times; n++) taken.push(await ask(n));
  const sorted = taken.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  say(`${path}: p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms`);
  return alone(`GET ${path}, p99`, { unit: 'ms', ours: at(0.99), aim: aimMs, better: 'less', rounds: times });
}

/** Reads the file to its end and keeps nothing of it. */
async function readCsv(url: string): Promise<readonly Row[]> {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const started = performance.now();
  let [bytes, lines, most] = [0, 0, before];
  const { body } = await fetch(url);
  if (!body) throw new Error(`${url} has no body.`);
  let looked = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) lines++;
    if (bytes - looked < MB) continue;
    looked = bytes;
    // What is left to collect is no memory that is held.
    globalThis.gc?.();
    most = Math.max(most, process.memoryUsage().heapUsed);
  }
  const seconds = (performance.now() - started) / 1000;
  say(`${lines} lines of CSV, ${(bytes / MB).toFixed(1)} MB, in ${seconds.toFixed(1)} s`);
  const row = (work: string, unit: string, ours: number, aim: number | null, better: 'more' | 'less') =>
    alone(work, { unit, ours, aim, better, rounds: 1 });
  return [
    row('GET /admin/links.csv', 'lines/s', lines / seconds, null, 'more'),
    row('memory held by it', 'MB', (most - before) / MB, 20, 'less'),
  ];
}
