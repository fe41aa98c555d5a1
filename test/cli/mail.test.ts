import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { putLinks } from '../support/mailedLinks.ts';
import { MailServer } from '../support/mailServer.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/runCommand.ts';
import { createPortalTables } from '../support/testPortal.ts';

const DAY_MS = 24 * 3_600_000;

describe('mail on the command line', () => {
  let database: TestDatabase;
  let server: MailServer;
  let folder = '';
  before(async () => {
    database = await freshDatabase();
    server = await MailServer.open();
    folder = await mkdtemp(join(tmpdir(), 'archiver-mail-'));
    await createPortalTables(database.knex);
    await database.knex.raw(`alter table package add column maintainer_email text;
      insert into package (id, name, maintainer_email) values ('d1', 'rain', 'wanda@weather.example')`);
    await command('migrate', 'up');
    const since = new Date(Date.now() - 4 * DAY_MS);
    await putLinks(database.knex, [
      { id: 'r1', since },
      { id: 'r2', since },
    ]);
  });
  after(async () => {
    await server.stop();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const command = (...args: string[]) =>
    runCommand(args, {
      environment: {
        ...{ DATABASE_URL: database.url, ARCHIVER_FOLDER: join(folder, 'copies') },
        ARCHIVER_PORTAL_URL: 'https://portal.example',
        ...{ ARCHIVER_MAIL_SMTP_URL: server.url, ARCHIVER_MAIL_FROM: 'Portal <archiver@portal.example>' },
      },
    });

  it('says who would get what, then sends it, then has nothing more to say', async () => {
    const dry = await command('mail', '--dry-run');
    assert.deepEqual([dry.exitCode, dry.errors], [0, '']);
    assert.equal(dry.output, 'wanda@weather.example  en  2 newly broken, 0 still, 0 work again\n');
    assert.equal(server.arrived.length, 0);
    const sent = await command('mail', '--json');
    assert.deepEqual(JSON.parse(sent.output), {
      dryRun: false,
      sent: 1,
      refused: 0,
      postponed: 0,
      unknown: 0,
      failure: null,
    });
    assert.deepEqual(server.asked, ['wanda@weather.example']);
    assert.equal((await command('mail', '--dry-run')).output, 'there is nothing to tell anybody\n');
  });

  it('is tried by config check and doctor, and said by status, when its server is away', async () => {
    assert.match((await command('config', 'check', '--connect')).output, /^ok +mail +the mail server takes mail$/m);
    await server.stop();
    const sent = await command('mail');
    assert.equal(sent.exitCode, 1);
    assert.match(sent.output, /the mail server takes no mail: .*ECONNREFUSED/);
    assert.match((await command('status')).output, /^no mail is sent since \d{4}-[^ ]+: .*ECONNREFUSED/m);
    const checked = await command('config', 'check', '--connect');
    assert.match(checked.output, /^NOT OK +mail +the mail server takes no mail: .*ECONNREFUSED/m);
  });
});
