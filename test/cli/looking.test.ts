import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { closedPort } from '../support/closedPort.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/runCommand.ts';
import { addResource, createPortalTables } from '../support/testPortal.ts';

const LOOKING = [['status'], ['report'], ['run', 'list'], ['host', 'list'], ['sweep', '--dry-run']];

describe('a command that only looks', () => {
  let database: TestDatabase;
  let folder = '';
  let environment: Record<string, string> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-looking-'));
    database = await freshDatabase();
    await createPortalTables(database.knex);
    await addResource(database.knex, 'r1', 'http://data.example/one.csv');
    environment = {
      DATABASE_URL: database.url,
      ARCHIVER_FOLDER: join(folder, 'copies'),
      ARCHIVER_MONGODB_URL: `mongodb://127.0.0.1:${await closedPort()}/archiver`,
    };
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  async function relations(): Promise<string[]> {
    const { rows } = await database.knex.raw(
      `select n.nspname || '.' || c.relname as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
       where n.nspname in ('public', 'archiver') order by 1`,
    );
    return rows.map(({ name }: { name: string }) => name);
  }

  /** What each of them says when it is refused; nothing was changed by it. */
  async function refusals(commands: readonly string[][]): Promise<string[]> {
    const before = await relations();
    const said: string[] = [];
    for (const args of commands) {
      const { exitCode, output, errors } = await runCommand([...args, '--json'], { environment });
      assert.deepEqual([exitCode, output], [2, ''], args.join(' '));
      said.push(errors.replaceAll(/portal-archiver \d+\.\d+\.\d+\S*/g, 'portal-archiver V'));
    }
    assert.deepEqual(await relations(), before);
    return [...new Set(said)];
  }

  test('makes no tables where there are none, and says so in one sentence', async () => {
    const [sentence, ...others] = await refusals(LOOKING);
    assert.deepEqual(others, []);
    assert.match(
      sentence ?? '',
      /^The archiver's tables in the schema archiver are not made yet, portal-archiver V needs 001_archive to \d+_\w+: [^\n]+ run portal-archiver migrate up\.\n$/,
    );
  });

  test('makes nothing and needs neither queue nor store', async () => {
    assert.equal((await runCommand(['migrate', 'up'], { environment })).exitCode, 0);
    const before = await relations();
    for (const args of LOOKING) {
      const { exitCode, errors } = await runCommand([...args, '--json'], { environment });
      assert.deepEqual([exitCode, errors], [0, ''], args.join(' '));
    }
    assert.deepEqual(await relations(), before);
    assert.ok(!existsSync(join(folder, 'copies')));
  });

  test('names both versions where the tables are older, as does every command that would migrate them by accident', async () => {
    const [last] = await database.knex('archiver.migration').orderBy('name', 'desc').limit(1);
    await database.knex('archiver.migration').where({ name: last.name }).delete();
    const said = await refusals([...LOOKING, ['archive', 'all'], ['run', 'cancel', 'x'], ['sweep']]);
    await database.knex('archiver.migration').insert(last);
    assert.equal(said.length, 1);
    const needed = String(last.name).replace('.js', '');
    assert.match(
      said[0] ?? '',
      new RegExp(`^The archiver's tables in the schema archiver are at \\d+_\\w+, portal-archiver V needs ${needed}: `),
    );
  });

  test('goes on where the tables are newer, and names both versions; what changes tables takes nothing away then', async () => {
    await database.knex('archiver.migration').insert({ name: '999_later.js', batch: 2, migration_time: new Date() });
    const looks = await Promise.all(LOOKING.map((args) => runCommand([...args, '--json'], { environment })));
    const changing = await refusals([
      ['migrate', 'up'],
      ['migrate', 'down', '--yes'],
      ['uninstall', '--yes'],
    ]);
    await database.knex('archiver.migration').where({ name: '999_later.js' }).delete();
    const newer =
      /^The archiver's tables in the schema archiver are at 999_later, (.+) knows them up to \d+_\w+: use the newer version\.\n?$/;
    for (const { exitCode, output, errors } of looks) {
      assert.equal(exitCode, 0, errors);
      assert.doesNotThrow(() => JSON.parse(output));
      assert.match(JSON.parse(errors).msg, newer);
      assert.match(newer.exec(JSON.parse(errors).msg)?.[1] ?? '', /^portal-archiver \d/);
    }
    assert.equal(changing.length, 1);
    assert.equal(newer.exec(changing[0] ?? '')?.[1], 'this version');
  });

  test('uninstalls without the queue, and names what it could not reach', async () => {
    const { exitCode, output } = await runCommand(['uninstall', '--yes', '--json'], { environment });
    const { copies, places, left } = JSON.parse(output);
    assert.deepEqual([exitCode, copies, places], [1, [], [join(folder, 'copies')]]);
    assert.match(left.join(), /^The queue's collection archiver_jobs in MongoDB could not be dropped: /);
    assert.deepEqual(
      (await relations()).filter((name) => name.startsWith('archiver.')),
      [],
    );
  });
});
