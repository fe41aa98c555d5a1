import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import createKnex from 'knex';
import type { MirrorSummary } from '../plugin/mirror/MirrorOptions.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { missingPrograms, startCkan } from '../test/support/realCkan/startCkan.ts';
import { builtProgram } from './builtProgram.ts';
import { startGeneratedCkan } from './generatedCkan.ts';
import { quick, say } from './options.ts';
import { printRows, type Row } from './rows.ts';

// The mirror of a CKAN portal: `npm run bench:ckan [-- --json] [--quick] [--site=URL]`.
// `--site`: a CKAN that was seeded as test/support/realCkan does it, in place of one that is started for the benchmark.
const given = process.argv.find((argument) => argument.startsWith('--site='))?.slice(7);
const DATASETS = quick ? 10_000 : 100_000;
const EACH = 10;
const scratch = mkdtempSync(join(tmpdir(), 'archiver-bench-ckan-'));

const row = (
  work: string,
  unit: string,
  ours: number,
  aim: number,
  better: Row['better'],
  peer: number | null = null,
): Row => ({
  work,
  unit,
  ours,
  peer,
  peerName: peer === null ? null : 'ckanext-archiver',
  ratio: null,
  aim,
  better,
  rounds: 1,
});

/** What CKAN's own archiver needed for the same resources with two workers, on the same machine, politeness lifted. */
const PEER = { seconds: 28, requests: 653 };

async function node(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, { env: { PATH, HOME, ...environment }, stdio: ['ignore', 'pipe', 2] });
  const out = text(child.stdout ?? process.stdin);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return out;
}

async function mirrored(site: string, databaseUrl: string): Promise<MirrorSummary> {
  const out = await node(['dist/cli/main.js', 'ckan', site, '--to', join(scratch, 'mirror'), '--json'], {
    DATABASE_URL: databaseUrl,
    ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8',
    ARCHIVER_PORTS: '1-65535',
    ARCHIVER_HOST_REQUESTS_PER_SECOND: '1000000',
    ARCHIVER_HOST_BURST: '1000000',
    ARCHIVER_HOST_CONCURRENCY: '16',
    ARCHIVER_RETRY_DELAYS_MS: '',
    ARCHIVER_VERIFY_SHARE: '0',
    ARCHIVER_DNS_SERVERS: '127.0.0.1:9',
  });
  return JSON.parse(out);
}

/** Fresh, then unchanged with everything due. */
async function portalRows(site: string, databaseUrl: string): Promise<Row[]> {
  const fresh = await mirrored(site, databaseUrl);
  const knex = createKnex({ client: 'pg', connection: databaseUrl });
  await knex('archiver.archival').update({ next_check_at: new Date() });
  await knex.destroy();
  const unchanged = await mirrored(site, databaseUrl);
  const of = `${fresh.resources} resources of a real CKAN ${fresh.version}`;
  return [
    row(`${of}, fresh`, 's', fresh.seconds, 15, 'less', PEER.seconds),
    row(`${of}, fresh`, 'requests', fresh.requests, 260, 'less', PEER.requests),
    row(`${of}, unchanged`, 's', unchanged.seconds, 5, 'less', PEER.seconds),
    row(`${of}, unchanged`, 'requests', unchanged.requests, 120, 'less', PEER.requests),
  ];
}

async function listingRows(databaseUrl: string): Promise<Row[]> {
  const { server, site } = await startGeneratedCkan(DATASETS, EACH);
  const program = builtProgram('ckanListing.ts', join(scratch, 'built'));
  const { resources, ms, maxRssBytes } = JSON.parse(await node([program, site, databaseUrl, join(scratch, 'listing')]));
  server.close();
  const of = `listing of ${DATASETS} datasets, ${resources} resources`;
  return [
    row(of, 'resources/s', (resources * 1000) / ms, 5000, 'more'),
    row(of, 'MB resident at most', maxRssBytes / 1e6, 250, 'less'),
  ];
}

const postgres = await startPostgres();
const rows: Row[] = [];
try {
  say(`a generated listing of ${DATASETS * EACH} resources`);
  rows.push(...(await listingRows(postgres.url)));
  const why = given === undefined ? missingPrograms() : null;
  if (why !== null) say(why);
  else {
    say('a real CKAN');
    const ckan = given === undefined ? await startCkan() : null;
    rows.push(...(await portalRows(given ?? ckan?.site ?? '', postgres.url)));
    await ckan?.stop();
  }
} finally {
  await postgres.stop();
  rmSync(scratch, { recursive: true, force: true });
}
printRows(rows);
