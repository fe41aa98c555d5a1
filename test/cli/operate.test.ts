import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/runCommand.ts';
import { addResource, createPortalTables } from '../support/testPortal.ts';

describe('the command line inside a portal', () => {
  let database: TestDatabase;
  let publisher: Server;
  let folder = '';
  let environment: Record<string, string> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-cli-'));
    database = await freshDatabase();
    await createPortalTables(database.knex);
    publisher = createServer((request, response) => {
      if (request.url === '/gone.csv') response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': 'text/csv' }).end(`id,name\n1,${request.url}\n`);
    });
    await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
    const address = publisher.address();
    assert.ok(typeof address === 'object' && address);
    const site = `http://127.0.0.1:${address.port}`;
    await addResource(database.knex, 'r1', `${site}/one.csv`, 'd1');
    await addResource(database.knex, 'r2', `${site}/two.csv`, 'd1');
    await addResource(database.knex, 'r3', `${site}/gone.csv`, 'd2');
    environment = {
      DATABASE_URL: database.url,
      ARCHIVER_FOLDER: join(folder, 'copies'),
      ARCHIVER_ALLOW_NETWORKS: `127.0.0.1/32:${address.port}`,
      ARCHIVER_PORTAL_URL: 'http://portal.example',
      ARCHIVER_SWEEP_CRON: '',
      ARCHIVER_THREADS: '1',
    };
  });
  after(async () => {
    publisher.closeAllConnections();
    publisher.close();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const command = (...args: string[]) => runCommand(args, { environment });

  async function json(...args: string[]) {
    const { exitCode, output, errors } = await command(...args, '--json');
    assert.equal(exitCode, 0, errors);
    return JSON.parse(output);
  }

  const tables = async (): Promise<string[]> => {
    const { rows } = await database.knex.raw(
      "select table_name from information_schema.tables where table_schema = 'archiver'",
    );
    return rows.map((row: { table_name: string }) => row.table_name);
  };

  test('makes and takes the tables, and takes them only from who means it', async () => {
    assert.deepEqual(await json('migrate', 'up'), { migrated: 'up' });
    assert.ok((await tables()).includes('archival'));
    assert.equal((await command('migrate', 'down')).exitCode, 2);
    assert.ok((await tables()).includes('archival'));
    assert.deepEqual(await json('migrate', 'down', '--yes'), { migrated: 'down' });
    assert.deepEqual(await tables(), []);
    await json('migrate', 'up');
  });

  test('says what a sweep would cost without asking anybody', async () => {
    const { dryRun, missing, due } = await json('sweep', '--dry-run');
    assert.deepEqual({ dryRun, missing, due }, { dryRun: true, missing: 3, due: 0 });
  });

  test('asks for an archival, lists its run, shows it and cancels it', async () => {
    const run = await json('archive', 'd2');
    assert.deepEqual([run.kind, run.state, run.total], ['dataset', 'queued', 1]);
    const listed: { id: string }[] = await json('run', 'list');
    assert.ok(listed.some(({ id }) => id === run.id));
    assert.equal((await json('run', 'show', run.id)).state, 'queued');
    assert.equal((await json('run', 'cancel', run.id)).state, 'cancelled');
    const again = await command('run', 'cancel', run.id, '--json');
    assert.deepEqual([again.exitCode, again.output], [1, '']);
    assert.match(again.errors, /has ended already \(cancelled\)/);
  });

  test('says the same to a person in sentences', async () => {
    const { output } = await command('sweep', '--dry-run');
    assert.match(output, /^2 resources are new, 0 have another URL, \d are due, at \d hosts\n/);
    assert.match(output, /\na full recheck: \d requests, at most \d+ bytes, \d hosts\n$/);
  });

  test('sets limits for one host, shows them and takes them back', async () => {
    const name = 'Data.example:8080';
    const limited = await json(
      'host',
      'limit',
      name,
      '--requests-per-second',
      '0.5',
      '--quiet-hours',
      '22-6',
      '--domain-concurrency',
      '0',
    );
    assert.deepEqual(limited, {
      host: 'data.example:8080',
      override: { requestsPerSecond: 0.5, quietHours: [22, 6], domainConcurrency: 0 },
      pausedUntil: null,
      deadUntil: null,
      deadCount: 0,
      bytesToday: 0,
    });
    assert.deepEqual(await json('host', 'show', name), limited);
    assert.equal((await json('host', 'list'))[0].host, 'data.example:8080');
    assert.equal((await json('host', 'limit', name, '--clear')).override, null);
    assert.match((await command('host', 'list')).output, /^data\.example:8080 +0 bytes today\n/);
    for (const wrong of [[], ['--burst', '0'], ['--quiet-hours', '25-3'], ['--burst', '3', '--clear']])
      assert.equal((await command('host', 'limit', name, ...wrong)).exitCode, 2, wrong.join(' '));
  });

  test('ends with 1 for what there is not', async () => {
    for (const args of [
      ['archive', 'nothing'],
      ['run', 'show', '00000000-0000-0000-0000-000000000000'],
      ['host', 'show', 'nowhere.example'],
    ]) {
      const { exitCode, output, errors } = await command(...args);
      assert.deepEqual([exitCode, output], [1, '']);
      assert.match(errors, /^(There is no|The host nowhere\.example was never asked) /);
    }
  });

  test('waits no longer than it may, and says when nobody seems to work', async () => {
    const { exitCode, output, errors } = await command('archive', 'd2', '--wait', '--timeout', '6', '--json');
    assert.equal(exitCode, 1);
    const run = JSON.parse(output);
    assert.equal(run.state, 'queued');
    assert.match(errors, /^Nothing has been archived for 5 s: does a worker run/m);
    assert.equal(errors.match(/Nothing has been archived/g)?.length, 1);
    await command('run', 'cancel', run.id);
  });

  test('keeps standard output for results: with a dead database one line of errors, and 2', async () => {
    const dead = { ...process.env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    for (const args of [
      ['status', '--json'],
      ['run', 'list', '--json'],
      ['migrate', 'up', '--json'],
    ]) {
      const ended = spawnSync(process.execPath, ['dist/cli/main.js', ...args], { env: dead, encoding: 'utf8' });
      assert.equal(ended.stdout, '', args.join(' '));
      assert.match(ended.stderr, /^The database failed while [^\n]+\n$/, args.join(' '));
      assert.equal(ended.status, 2, args.join(' '));
    }
  });

  test('works until it is asked to end, while others wait for what they asked for', async () => {
    const ending = new AbortController();
    const worker = runCommand(['worker', '--json'], { environment, signal: ending.signal });
    const good = await json('archive', 'd1', '--wait');
    const bad = await command('archive', 'r3', '--wait');
    const status = await json('status');
    const { output: statusText } = await command('status');
    ending.abort();
    const { exitCode, output } = await worker;
    assert.equal(exitCode, 0);
    assert.deepEqual(JSON.parse(output), {
      roles: ['worker', 'scheduler'],
      queue: 'agenda-postgresql',
      store: 'folder',
    });
    assert.deepEqual([good.state, good.done, good.counts], ['done', 2, { archived: 2 }]);
    assert.equal(bad.exitCode, 1, bad.errors);
    assert.match(bad.output, /done, 1 of 1, resource r3\n {2}gone: 1\n/, bad.errors);
    assert.equal(status.queue, 'agenda-postgresql');
    assert.match(statusText, /^gone +1 +not confirmed yet$/m);
    const rows = await database.knex('resource').orderBy('id').select('cache_url');
    assert.match(rows[0].cache_url, /^http:\/\/portal\.example\/archiver\/archive\/\d{8}T\d{6}Z\/r1\/one\.csv$/);
    assert.equal(rows[2].cache_url, null);
  });

  test('takes a portal from a module, and lists the copies that stay when it is uninstalled', async () => {
    const module = join(folder, 'portal.mjs');
    await writeFile(
      module,
      `const quiet = () => undefined;
       export default () => ({
         info: { name: 'a module', version: '1' },
         urls: { site: 'http://portal.example', archiver: 'http://portal.example/archiver' },
         catalog: { getResource: quiet, getDataset: quiet, listResources: async () => [], writeBack: quiet },
         authorize: () => false,
         logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
         settings: { queueName: 'archiver_jobs' },
       });`,
    );
    const { copies, places, left } = await json('uninstall', '--yes', '--portal', module);
    assert.deepEqual([copies.length, places, left], [2, [join(folder, 'copies')], []]);
    assert.deepEqual(await tables(), []);
    const kept = await readdir(join(folder, 'copies', 'archive'), { recursive: true });
    assert.equal(kept.filter((path) => path.endsWith('.csv')).length, 2);
  });
});
