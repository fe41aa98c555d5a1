import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { FilePublisher } from '../support/filePublisher.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

const COMMAND = 'dist/cli/main.js';
const MODULE = ['--portal', 'examples/module/portal.js'];

describe('the sample module of a portal', () => {
  let database: TestDatabase;
  let publisher: FilePublisher;
  let folder = '';
  let env: Record<string, string> = {};
  let worker: ChildProcess | null = null;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-module-'));
    publisher = await FilePublisher.start(1);
    database = await freshDatabase();
    await database.knex.raw(`
      create table dataset (id text primary key, name text not null);
      create table file (id text primary key, dataset_id text not null, url text not null, title text);
      insert into dataset values ('d1', 'weather');`);
    await database.knex('file').insert({ id: 'r1', dataset_id: 'd1', url: publisher.url('r1'), title: 'Rain' });
    const own = Object.entries(process.env).filter(([name]) => !/^(ARCHIVER_|AZURE_|NODE_)/.test(name));
    env = {
      ...Object.fromEntries(own),
      DATABASE_URL: database.url,
      ARCHIVER_FOLDER: folder,
      ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8',
      ARCHIVER_SWEEP_CRON: '',
      ARCHIVER_THREADS: '1',
    };
  });
  after(async () => {
    if (worker && worker.exitCode === null) {
      worker.kill('SIGTERM');
      await once(worker, 'exit');
    }
    await publisher.stop();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  it('lets a worker and a command archive what its tables hold', async () => {
    worker = spawn(process.execPath, [COMMAND, 'worker', ...MODULE], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(worker.stdout ?? assert.fail(), 'data');
    assert.match(String(line), /^working as worker, scheduler on agenda-postgresql, into folder\n/);
    const asked = [COMMAND, 'archive', 'dataset', 'weather', '--wait', '--json', ...MODULE];
    const { stdout } = await promisify(execFile)(process.execPath, asked, { env });
    const run = JSON.parse(stdout);
    assert.deepEqual([run.state, run.counts], ['done', { archived: 1 }]);
    const row = await database.knex('file').first('cache_url');
    assert.match(row.cache_url, /^https:\/\/data\.example\/archiver\/archive\/\d{8}T\d{6}Z\/r1\/r1\.csv$/);
  });
});
