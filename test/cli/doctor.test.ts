import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { closedPort } from '../support/closedPort.ts';
import { NameServer } from '../support/nameServer.ts';
import { type PageServer, sendTable, startPageServer } from '../support/pageServer.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/runCommand.ts';
import { addResource, createPortalTables } from '../support/testPortal.ts';

interface Told {
  readonly ok: boolean;
  readonly detail: string;
  readonly wayOut: string | null;
}

describe('doctor', () => {
  let database: TestDatabase;
  let folder = '';
  let publisher: PageServer;
  let names: NameServer;
  before(async () => {
    database = await freshDatabase();
    folder = await mkdtemp(join(tmpdir(), 'archiver-doctor-'));
    publisher = await startPageServer((_, response) => sendTable(response));
    names = await NameServer.start(({ name, type }) => {
      if (name !== 'publisher.example') return 'NXDOMAIN';
      return type === 'A' ? ['127.0.0.1'] : [];
    });
    await createPortalTables(database.knex);
    await addResource(database.knex, 'r1', 'no link');
    await addResource(database.knex, 'r2', `${publisher.site}/one.csv`);
    assert.equal((await runCommand(['migrate', 'up'], { environment: environment() })).exitCode, 0);
  });
  after(async () => {
    await publisher.close();
    await names.stop();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const environment = (more: Readonly<Record<string, string>> = {}) => ({
    ...{ DATABASE_URL: database.url, ARCHIVER_FOLDER: join(folder, 'copies') },
    ...{ ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8', ARCHIVER_DNS_SERVERS: `127.0.0.1:${names.server.port}` },
    ...more,
  });
  const examine = async (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const { exitCode, output, errors } = await runCommand(['doctor', '--json', ...args], {
      environment: environment(more),
    });
    assert.equal(errors, '');
    const { ok, checks }: { ok: boolean; checks: (Told & { name: string })[] } = JSON.parse(output);
    assert.equal(ok, exitCode === 0);
    return { exitCode, told: new Map(checks.map((check) => [check.name, check])) };
  };

  it('tries everything from the settings to a link of the portal, keeps nothing and ends with 0', async () => {
    const { exitCode, told } = await examine([]);
    assert.deepEqual(
      [...told.values()].filter(({ ok }) => !ok),
      [],
    );
    assert.deepEqual(
      [...told.keys()],
      ['settings', 'database', 'clock', 'rights', 'tables', 'queue', 'store', 'name servers', 'outgoing'],
    );
    assert.equal(exitCode, 0);
    assert.match(told.get('outgoing')?.detail ?? '', /^127\.0\.0\.1:\d+ was reached: it answered 200$/);
    assert.deepEqual(
      publisher.asked.map(({ path }) => path),
      ['/one.csv'],
    );
    assert.deepEqual(await database.knex('archiver.archival').select(), []);
  });

  it('looks a name up as archivals do, and says which servers to name where there is no answer', async () => {
    const { port } = new URL(publisher.site);
    const found = await examine(['--url', `http://publisher.example:${port}/one.csv`]);
    assert.equal(found.told.get('name servers')?.detail, 'publisher.example has an address');
    assert.equal(found.told.get('outgoing')?.ok, true);
    const lost = await examine(['--url', 'http://nowhere.example/one.csv']);
    assert.equal(lost.exitCode, 1);
    assert.match(lost.told.get('name servers')?.detail ?? '', /nowhere\.example.*ARCHIVER_DNS_SERVERS/);
    assert.match(lost.told.get('outgoing')?.detail ?? '', /\(dns\).*name servers/);
  });

  it('tells a way that is closed from a publisher that refuses', async () => {
    const closed = await examine(['--url', `http://127.0.0.1:${await closedPort()}/`]);
    const { ok, detail, wayOut } = closed.told.get('outgoing') ?? assert.fail();
    assert.equal(ok, false);
    assert.match(detail, /\(refused\).*ARCHIVER_PROXY/);
    assert.match(wayOut ?? '', /portal-archiver probe/);
    const blocked = await examine([], { ARCHIVER_ALLOW_NETWORKS: '' });
    assert.match(blocked.told.get('outgoing')?.detail ?? '', /\(blocked-address\).*ARCHIVER_ALLOW_NETWORKS/);
  });

  it('is a line each for a person, with what to do', async () => {
    const { exitCode, output } = await runCommand(['doctor'], {
      environment: environment({ DATABASE_URL: 'postgres://127.0.0.1:1/none' }),
    });
    assert.equal(exitCode, 1);
    assert.match(output, /^ok +settings +\d+ read, \d+ of them set$/m);
    assert.match(output, /^NOT OK +database +.*→ see DATABASE_URL/m);
    assert.match(output, /^ok +store +/m);
    assert.equal(output.trimEnd().split('\n').length, 6);
  });

  it('names the settings that are wrong, tries nothing else and ends with 2', async () => {
    const { exitCode, told } = await examine([], { ARCHIVER_MAX_BYTES: 'much' });
    assert.deepEqual([exitCode, [...told.keys()]], [2, ['settings']]);
    assert.match(told.get('settings')?.detail ?? '', /ARCHIVER_MAX_BYTES/);
    assert.equal(told.get('settings')?.wayOut, 'docs/settings.md says what each of them accepts');
  });
});
