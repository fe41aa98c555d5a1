import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import createKnex from 'knex';
import type { IndexEntry } from '../../plugin/mirror/indexFile.ts';
import type { MirrorSummary } from '../../plugin/mirror/MirrorOptions.ts';
import { missingPrograms, type RealCkan, startCkan } from '../support/realCkan/startCkan.ts';
import { until } from '../support/until.ts';

// `npm run test:ckan`: the mirror against a real CKAN. Each part goes on where the one before it ended.

/** How each kind of resource ends; null: it is not listed to the anonymous. */
const ENDS: Readonly<Record<string, string | null>> = {
  csv: 'archived',
  json: 'archived',
  zip: 'archived',
  geojson: 'archived',
  plain: 'archived',
  redirect: 'archived',
  slow: 'archived',
  big: 'archived',
  upload: 'archived',
  'upload-unicode': 'archived',
  'unicode-url': 'archived',
  'encoded-url': 'archived',
  'space-url': 'archived',
  'long-url': 'archived',
  'no-scheme': 'archived',
  fragment: 'archived',
  twice: 'archived',
  kept: 'archived',
  missing: 'gone',
  gone: 'gone',
  page: 'not-data',
  error: 'http-error',
  login: 'forbidden',
  empty: 'empty',
  dead: 'reset',
  loop: 'redirect-loop',
  refused: 'refused',
  ftp: 'unsupported-scheme',
  mailto: 'unsupported-scheme',
  'empty-url': 'invalid-url',
  'not-a-url': 'invalid-url',
  datastore: 'circular',
  'own-site': 'circular',
  'private-link': null,
  'private-upload': null,
  'draft-link': null,
  'deleted-link': null,
  'resource-deleted': null,
};

const COPIES = 'https://copies.example/mirror';
const why = missingPrograms();

interface End {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

describe('the mirror of a real CKAN', { skip: why ?? false, timeout: 1_200_000 }, () => {
  let ckan: RealCkan;
  let folder = '';
  before(
    async () => {
      ckan = await startCkan();
      folder = await mkdtemp(join(tmpdir(), 'archiver-real-ckan-'));
    },
    { timeout: 900_000 },
  );
  after(
    async () => {
      await ckan?.stop();
      if (folder !== '') await rm(folder, { recursive: true, force: true });
    },
    { timeout: 120_000 },
  );

  function start(to: string, args: readonly string[] = [], more: Readonly<Record<string, string>> = {}): ChildProcess {
    const own = ['ckan', ckan.site, '--to', join(folder, to), '--json', ...args];
    const { PATH, HOME } = process.env;
    return spawn(process.execPath, ['dist/cli/main.js', ...own], {
      env: {
        PATH,
        HOME,
        ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8',
        ARCHIVER_PORTS: '1-65535',
        ARCHIVER_HOST_REQUESTS_PER_SECOND: '1000',
        ARCHIVER_HOST_BURST: '1000',
        ARCHIVER_HOST_CONCURRENCY: '8',
        ARCHIVER_LEASE_MS: '2000',
        // No name server of the outside is asked for what is no name.
        ARCHIVER_DNS_SERVERS: '127.0.0.1:9',
        ARCHIVER_RETRY_DELAYS_MS: '',
        ...more,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
  async function run(...given: Parameters<typeof start>): Promise<End> {
    const child = start(...given);
    const [out, errors] = [text(child.stdout ?? process.stdin), text(child.stderr ?? process.stdin)];
    const [code] = await once(child, 'close');
    return { code, out: await out, errors: await errors };
  }
  const summaryOf = ({ out, errors }: End): MirrorSummary => {
    assert.notEqual(out, '', errors);
    return JSON.parse(out);
  };
  async function index(to: string): Promise<ReadonlyMap<string, IndexEntry>> {
    const { resources } = JSON.parse(await readFile(join(folder, to, 'index.json'), 'utf8'));
    return new Map(resources.map((entry: IndexEntry) => [entry.id, entry]));
  }
  const writeBack = (to: string) =>
    run(to, ['--write-back', '--token', ckan.token], { ARCHIVER_PUBLIC_COPIES_URL: COPIES });

  it('ends every kind of resource as it should', async () => {
    ckan.requests();
    const end = await run('one');
    assert.equal(end.code, 0, end.errors);
    const found = await index('one');
    const ends = ckan.seeded.map(({ id, kind }) => `${kind}: ${found.get(id)?.code ?? null}`);
    assert.deepEqual(
      [...new Set(ends)].sort(),
      Object.entries(ENDS)
        .map(([kind, code]) => `${kind}: ${code}`)
        .sort(),
    );
    const { datasets, resources, requests, version } = summaryOf(end);
    assert.deepEqual([datasets, resources, version], [49, 200, ckan.version]);
    assert.ok(requests <= 260, `${requests} requests`);
  });

  it('fetched nothing that is private, a draft or deleted', () => {
    const asked = ckan.requests();
    assert.ok(asked.length > 150);
    assert.deepEqual(
      asked.filter((path) => /private|draft|deleted|dropped/.test(path)),
      [],
    );
  });

  it('asks the portal for changes and ids, and no publisher, when nothing is due', async () => {
    const { requests, apiRequests, copies } = summaryOf(await run('one'));
    assert.deepEqual([requests, apiRequests, copies], [0, 3, 0]);
    assert.deepEqual(ckan.requests(), []);
  });

  it('fetches private files with a token, and refuses a wrong one', async () => {
    const end = await run('private', ['--dataset', 'private-figures', '--token', ckan.token]);
    assert.deepEqual(summaryOf(end).counts, { archived: 2 });
    const wrong = await run('private', ['--token', 'wrong']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.errors, /does not know the token/);
  });

  it('is killed in the middle, goes on, and fetches nothing twice', async () => {
    ckan.requests();
    const child = start('killed');
    const asked: string[] = [];
    await until(() => asked.push(...ckan.requests()) > 60, 60);
    // Records gather for a moment before they are written.
    const recorded = () => archivedUrls(join(folder, 'killed')).catch(() => []);
    await until(async () => (await recorded()).length > 20, 60);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const done = await archivedUrls(join(folder, 'killed'));
    assert.ok(done.length > 10, `${done.length} were archived`);
    ckan.requests();
    const end = await run('killed');
    assert.equal(end.code, 0, end.errors);
    const again = new Set(ckan.requests());
    assert.deepEqual(
      done.filter((path) => again.has(path)),
      [],
    );
    // What was being kept when it died is found again, and proved to be the same.
    const { archived = 0, 'same-hash': recovered = 0 } = summaryOf(end).counts;
    assert.equal(archived + recovered, 160);
  });

  it('writes back once, with one activity a changed resource, and is no loop', async () => {
    const activities = async (id: string) =>
      Object.keys(await ckan.call('package_activity_list', { id, limit: 100 })).length;
    const before = await activities('series-000');
    const first = await writeBack('written');
    assert.equal(first.code, 0, first.errors);
    const { resources } = await ckan.call('package_show', { id: 'series-000' });
    assert.ok(Array.isArray(resources));
    const written = resources.filter(({ cache_url }) => String(cache_url).startsWith(COPIES));
    assert.ok(written.length > 0);
    assert.equal((await activities('series-000')) - before, written.length);
    const second = summaryOf(await writeBack('written'));
    assert.equal((await activities('series-000')) - before, written.length);
    assert.equal(second.apiRequests, 4);
  });

  it('follows a link that changed: the new file is archived, and the portal told', async () => {
    const changed = ckan.seeded.find(({ dataset, kind }) => dataset === 'series-000' && kind === 'csv');
    assert.ok(changed);
    const url = changed.url.replace('/csv/', '/json/').replace('.csv', '.json');
    await ckan.call('resource_patch', { id: changed.id, url });
    ckan.requests();
    assert.equal((await writeBack('written')).code, 0);
    assert.deepEqual(ckan.requests(), [new URL(url).pathname]);
    const { cache_url } = await ckan.call('resource_show', { id: changed.id });
    assert.equal(cache_url, `${COPIES}/${(await index('written')).get(changed.id)?.key}`);
  });

  it('loses a deleted dataset when two listings lack it, and keeps its copies', async () => {
    await ckan.call('package_delete', { id: 'series-001' });
    assert.equal(summaryOf(await run('one')).datasets, 49);
    const gone = [...(await index('one')).values()].filter(({ dataset }) => dataset === 'series-001');
    assert.ok(gone.some(({ key }) => key !== null));
    assert.equal(summaryOf(await run('one')).datasets, 48);
    const left = [...(await index('one')).values()].filter(({ dataset }) => dataset === 'series-001');
    assert.deepEqual(left, []);
    for (const { key } of gone) if (key !== null) await readFile(join(folder, 'one', key));
  });

  it('tells of a token that was revoked between two runs, and loses nothing by it', async () => {
    const made = await ckan.call('api_token_create', { user: 'admin', name: 'short-lived' });
    const token = String(made.token);
    const args = ['--dataset', 'private-figures', '--token', token];
    assert.equal((await run('revoked', args)).code, 0);
    await ckan.call('api_token_revoke', { token });
    const end = await run('revoked', args);
    assert.equal(end.code, 2);
    assert.equal((await index('revoked')).size, 2);
  });
});

/** Paths of the links that a killed mirror had recorded; its PostgreSQL lives on. */
async function archivedUrls(folder: string): Promise<string[]> {
  const own = join(folder, '.portal-archiver');
  const password = (await readFile(join(own, 'database-password'), 'utf8')).trim();
  const port = (await readFile(join(own, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[3];
  const knex = createKnex({ client: 'pg', connection: `postgres://postgres:${password}@127.0.0.1:${port}/postgres` });
  try {
    const rows: { url: string; code: string | null }[] = await knex('archiver.archival').select('url', 'code');
    // Of two resources that share a link one may still have been waiting.
    const waiting = new Set(rows.filter(({ code }) => code === null).map(({ url }) => url));
    const done = rows.filter(({ url, code }) => code !== null && code !== 'circular' && !waiting.has(url));
    return done.filter(({ url }) => URL.canParse(url)).map(({ url }) => new URL(url).pathname);
  } finally {
    await knex.destroy();
  }
}
