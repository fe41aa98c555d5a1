import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import pg from 'pg';
import { childClock, faketime } from '../support/faketime.ts';
import { program, root, skipWithout } from '../support/infrastructure.ts';
import { startPgbouncer } from '../support/pgbouncer.ts';
import { freshDatabase } from '../support/postgres.ts';
import { smallDisk } from '../support/smallDisk.ts';

const run = promisify(execFile);

describe('what the tests of the infrastructure stand on', () => {
  const poolers = skipWithout(program('pgbouncer', 'pgbouncer'));
  it('a pooler that gives what one client locked to whoever comes next', { skip: poolers }, async (context) => {
    const database = await freshDatabase();
    const pooler = await startPgbouncer(database.url, { poolSize: 1 });
    const clients = [0, 1].map(() => new pg.Client({ connectionString: pooler.url }));
    context.after(async () => {
      for (const client of clients) await client.end();
      await pooler.stop();
      await database.drop();
    });
    for (const client of clients) await client.connect();
    await clients[0]?.query('select pg_advisory_lock(1)');
    // Other tests lock in databases of their own, at the same server.
    const held = await clients[1]?.query(
      `select pid = pg_backend_pid() as mine from pg_locks
       where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
    );
    assert.deepEqual(held?.rows, [{ mine: true }]);
  });

  it('a disk that is full, and one that may only be read', { skip: skipWithout(root) }, async (context) => {
    const disk = await smallDisk(65_536);
    context.after(() => disk.unmount());
    await assert.rejects(writeFile(join(disk.folder, 'file'), Buffer.alloc(100_000)), { code: 'ENOSPC' });
    await disk.remount('ro');
    await assert.rejects(writeFile(join(disk.folder, 'other'), ''), { code: 'EROFS' });
  });

  it('a clock of a child process that is set back', { skip: skipWithout(faketime) }, async (context) => {
    const clock = await childClock('-1h');
    context.after(() => clock.remove());
    const env = { ...process.env, ...clock.variables };
    const { stdout } = await run(process.execPath, ['-p', 'Date.now()'], { env });
    const minutesBehind = (Date.now() - Number(stdout)) / 60_000;
    assert.ok(minutesBehind > 59 && minutesBehind < 70, `${minutesBehind}`);
  });
});
