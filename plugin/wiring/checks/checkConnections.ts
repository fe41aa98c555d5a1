import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { HostDatabase } from '../../portal/HostDatabase.ts';
import type { Portal } from '../../portal/Portal.ts';
import { openDatabase } from '../../record/database/openDatabase.ts';
import { schemaMismatch, schemaState } from '../../record/database/schemaState.ts';
import type { Config } from '../../settings/Config.ts';
import type { ArchiveStore } from '../../store/ArchiveStore.ts';
import { endsWithin } from '../endsWithin.ts';
import { openListen } from '../openListen.ts';
import { createQueue } from '../openQueue.ts';
import { createStore } from '../openStore.ts';
import { suitabilityErrors } from '../requireSuitableHost.ts';
import { ANSWER_MS, attempt, bad, type Check, type ConnectionCheck, fine } from './check.ts';

/** A worker further off than that is told; what is due is decided by the database's clock. */
const CLOCK_TOLERANCE_MS = 60_000;
const BODY = 'portal-archiver config check --connect\n';

/** Tries what the settings lead to, one after the other. Migrates nothing; of what it writes into the store nothing stays. */
export async function checkConnections(config: Config, portal: Portal): Promise<readonly ConnectionCheck[]> {
  const knex = portal.database ?? openDatabase(config.databaseUrl);
  try {
    const database = await attempt('database', async () => {
      await knex.raw('select 1', []);
      return fine('it answers');
    });
    const ofDatabase = database.ok ? await databaseChecks(config, portal, knex) : [];
    const queue = await attempt('queue', () => checkQueue(config, portal, knex, ofDatabase));
    return [database, ...ofDatabase, queue, ...(await storeChecks(config)), ...(await mailChecks(config, portal))];
  } finally {
    if (!portal.database) await endsWithin(config.stopDeadlineMs, knex.destroy());
  }
}

async function databaseChecks(config: Config, portal: Portal, knex: HostDatabase): Promise<ConnectionCheck[]> {
  return [
    await attempt('clock', () => checkClock(knex)),
    await attempt('rights', async () => {
      const errors = await suitabilityErrors(portal, knex, config);
      return errors.length === 0 ? fine('the tables and rights that are needed are there') : bad(errors.join('; '));
    }),
    await attempt('tables', async () => {
      const mismatch = schemaMismatch(await schemaState(knex, config.schema), config.schema);
      return mismatch === null ? fine(`at the newest state, in the schema ${config.schema}`) : bad(mismatch);
    }),
  ];
}

async function checkClock(knex: HostDatabase): Promise<Check> {
  const asked = Date.now();
  const sql = 'select (extract(epoch from clock_timestamp()) * 1000)::float8::text as ms';
  const { rows } = await knex.raw<{ rows: { ms: string }[] }>(sql, []);
  const offMs = Math.round(Number(rows[0]?.ms) - (asked + Date.now()) / 2);
  const said = `this machine's clock and the database's differ by ${Math.abs(offMs)} ms`;
  return Math.abs(offMs) <= CLOCK_TOLERANCE_MS ? fine(said) : bad(`${said}: set both by NTP`);
}

/** In PostgreSQL its tables come with the archiver's. */
async function checkQueue(
  config: Config,
  portal: Portal,
  knex: HostDatabase,
  checks: readonly ConnectionCheck[],
): Promise<Check> {
  if (config.mongodbUrl === null && !checks.some(({ name, ok }) => name === 'tables' && ok))
    return bad('it lies beside the tables of the archiver, which come first');
  const listen = openListen(config, knex, portal.logger);
  const { logger } = portal;
  const queue = await createQueue(config, { knex, listen, now: () => new Date(), logger, claims: false });
  try {
    await queue.start(null);
    await queue.ping();
    return fine(`${queue.name} answers`);
  } finally {
    await queue.stop(ANSWER_MS);
  }
}

async function storeChecks(config: Config): Promise<ConnectionCheck[]> {
  const store = await createStore(config);
  try {
    const apart = store.name !== config.store || (store.places ?? []).length > 1;
    const opened = await attempt('store', async () => {
      await store.open();
      return writeAndRead(store, false);
    });
    return apart && opened.ok ? [opened, await attempt('private store', () => writeAndRead(store, true))] : [opened];
  } finally {
    await store.close();
  }
}

/** Connects and signs in; nothing is sent. None where mail is not set up. */
async function mailChecks({ mailSmtpUrl: url, mailFrom: from }: Config, portal: Portal): Promise<ConnectionCheck[]> {
  if (url === null || from === null) return [];
  const check = await attempt('mail', async () => {
    const { SmtpMailer } = await import('../../mail/smtpMailer.ts');
    const failure = await new SmtpMailer({ url, from, portal: portal.urls.site }).verify();
    if (failure !== null) return bad(`the mail server takes no mail: ${failure}`);
    return portal.catalog.contactOf
      ? fine('the mail server takes mail')
      : fine('the mail server takes mail, but the portal names nobody to write to (contactOf)');
  });
  return [check];
}

async function writeAndRead(store: ArchiveStore, isPrivate: boolean): Promise<Check> {
  const key = `archive/19700101T000000Z/config-check-${randomUUID()}/check.txt`;
  const staged = await store.stageWhole(key, Buffer.from(BODY), { mediaType: 'text/plain', isPrivate });
  await store.commit(staged);
  try {
    const stored = await store.read(key, null);
    if (stored === null || (await text(stored.stream)) !== BODY)
      return bad('what was written is not what is read back');
    return fine(`written, read back and removed in ${(store.places ?? [store.name]).join(', ')}`);
  } finally {
    await store.remove(key);
  }
}
