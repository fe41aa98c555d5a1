import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/runCommand.ts';
import { createPortalTables } from '../support/testPortal.ts';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

describe('config check --connect', () => {
  let database: TestDatabase;
  let folder: string;
  before(async () => {
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-connect-'));
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  async function checks(
    changes: Record<string, string> = {},
  ): Promise<{ exitCode: number; byName: Map<string, Check> }> {
    const environment = { DATABASE_URL: database.url, ARCHIVER_FOLDER: join(folder, 'copies'), ...changes };
    const { exitCode, output } = await runCommand(['config', 'check', '--connect', '--json'], { environment });
    const { ok, checks: found }: { ok: boolean; checks: Check[] } = JSON.parse(output);
    assert.equal(ok, exitCode === 0);
    return { exitCode, byName: new Map(found.map((check) => [check.name, check])) };
  }

  it('says which tables are missing and how they come, and makes none', async () => {
    const { exitCode, byName } = await checks();
    assert.equal(exitCode, 1);
    assert.match(byName.get('tables')?.detail ?? '', /run portal-archiver migrate up/);
    assert.deepEqual(
      [byName.get('queue')?.ok, byName.get('database')?.ok, byName.get('rights')?.ok],
      [false, true, true],
    );
    const { rows } = await database.knex.raw(`select from pg_namespace where nspname = 'archiver'`);
    assert.equal(rows.length, 0);
  });

  it('ends with 0 where all is well, and leaves nothing in the store', async () => {
    const environment = { DATABASE_URL: database.url, ARCHIVER_FOLDER: join(folder, 'copies') };
    await runCommand(['migrate', 'up'], { environment });
    const { exitCode, byName } = await checks();
    assert.deepEqual(
      [...byName.values()].filter(({ ok }) => !ok),
      [],
    );
    assert.deepEqual([...byName.keys()], ['database', 'clock', 'rights', 'tables', 'queue', 'store']);
    assert.equal(exitCode, 0);
    const left = await readdir(join(folder, 'copies', 'archive'), { recursive: true });
    assert.deepEqual(left, []);
    const apart = await checks({ ARCHIVER_PRIVATE_FOLDER: join(folder, 'private') });
    assert.equal(apart.byName.get('private store')?.ok, true);
  });

  it('names what does not answer and goes on with the others', async () => {
    const dead = await checks({ DATABASE_URL: 'postgres://127.0.0.1:1/none' });
    assert.deepEqual([dead.exitCode, dead.byName.get('database')?.ok, dead.byName.get('store')?.ok], [1, false, true]);
    await writeFile(join(folder, 'file'), '');
    const blocked = await checks({ ARCHIVER_FOLDER: join(folder, 'file') });
    assert.equal(blocked.exitCode, 1);
    assert.match(blocked.byName.get('store')?.detail ?? '', /file/);
    assert.equal(blocked.byName.get('queue')?.ok, true);
  });

  it('is a line each for a person, and ends with 2 where a setting is wrong', async () => {
    const environment = { DATABASE_URL: database.url, ARCHIVER_FOLDER: join(folder, 'copies') };
    const { output } = await runCommand(['config', 'check', '--connect'], { environment });
    assert.match(output, /^ok +database +it answers$/m);
    const wrong = await runCommand(['config', 'check', '--connect'], {
      environment: { ...environment, ARCHIVER_MAX_BYTES: 'x' },
    });
    assert.deepEqual([wrong.exitCode, wrong.output], [2, '']);
  });
});
