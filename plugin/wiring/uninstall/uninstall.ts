import type { Uninstalled, UninstallOptions } from '../../Archiver.ts';
import { parseMark, storeConflict } from '../../decide/ownership/storeConflict.ts';
import { ArchiverError, messageOf } from '../../errors.ts';
import type { HostDatabase } from '../../portal/HostDatabase.ts';
import type { Portal } from '../../portal/Portal.ts';
import { portalIdentity } from '../../record/coordination/portalIdentity.ts';
import { migrate } from '../../record/database/migrate.ts';
import { databaseOf, openDatabase } from '../../record/database/openDatabase.ts';
import { schemaMismatch, schemaState } from '../../record/database/schemaState.ts';
import { createRecords } from '../../record/openRecords.ts';
import type { Records } from '../../record/Records.ts';
import type { Config } from '../../settings/Config.ts';
import type { ArchiveStore } from '../../store/ArchiveStore.ts';
import { pages } from '../../trigger/pages.ts';
import { UninstallClaim } from '../../work/processes/uninstallClaim.ts';
import { sharedQueueName } from '../openQueue.ts';
import { createStore } from '../openStore.ts';
import { StartWaits } from '../startWaits.ts';

/**
 * Takes away all that is ours but the copies, with nothing started: neither queue nor store need answer. Processes elsewhere
 * are told to stop, and waited for. Throws `ArchiverError('database-failed')`, `schema-mismatch` where a newer version made
 * the tables, and `in-use` where somebody still works when the time is over; then all is as it was.
 */
export async function uninstall(config: Config, portal: Portal, options: UninstallOptions): Promise<Uninstalled> {
  return dropTables(config, portal, options, async (records, knex) => {
    const copies = records ? await copiesIn(records) : [];
    const { places, left } = await leaveStore(config, records);
    const identity = records && (await portalIdentity(databaseOf(knex, config.schema)));
    // The tables last: while they are there, nobody starts.
    return { copies, places, left: [...left, ...(await dropQueue(config, identity))] };
  });
}

/**
 * Takes our tables away when nobody works with them any more; `before` does what needs them (null: there are none), while
 * nobody starts. Throws as `uninstall` does.
 */
export async function dropTables<Result>(
  config: Config,
  portal: Pick<Portal, 'database' | 'logger'>,
  options: UninstallOptions,
  before: (records: Records | null, knex: HostDatabase) => Promise<Result>,
): Promise<Result> {
  const knex = portal.database ?? openDatabase(config.databaseUrl);
  try {
    const applied = await appliedIn(knex, config);
    if (applied.length === 0) return await before(null, knex);
    const records = createRecords({ knex, schema: config.schema, writeBack: async () => undefined, ownsKnex: false });
    const claim = await claimFor(records, { config, logger: portal.logger }, options);
    try {
      const result = await before(records, knex);
      const waits = new StartWaits({ signal: options.signal ?? NEVER, logger: portal.logger });
      await migrate(knex, config, 'down', waits);
      claim.end();
      return result;
    } catch (error) {
      await claim.drop();
      throw error;
    }
  } finally {
    if (!portal.database) await knex.destroy();
  }
}

const LEAST_TIMEOUT_MS = 60_000;
const NEVER = new AbortController().signal;

function claimFor(
  { processes }: Records,
  { config, logger }: { readonly config: Config; readonly logger: Portal['logger'] },
  options: UninstallOptions,
): Promise<UninstallClaim> {
  const {
    // The leases of a worker that died end in between.
    timeoutMs = Math.max(LEAST_TIMEOUT_MS, 2 * config.leaseMs),
    signal = NEVER,
    onWait = (waitsFor: string) => logger.warn({ waitsFor }, 'uninstalling waits for other processes'),
  } = options;
  return UninstallClaim.take({ processes, timeoutMs, signal, onWait });
}

async function appliedIn(knex: HostDatabase, { schema }: Config): Promise<readonly string[]> {
  const state = await schemaState(knex, schema);
  const mismatch = state.unknown.length > 0 ? schemaMismatch(state, schema) : null;
  if (mismatch !== null) throw new ArchiverError('schema-mismatch', mismatch);
  return state.applied;
}

async function copiesIn({ copies }: Records): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of pages((after) => copies.page(after, 1000))) keys.push(...page.map(({ key }) => key));
  return keys;
}

async function leaveStore(
  config: Config,
  records: Records | null,
): Promise<{ readonly places: readonly string[]; readonly left: readonly string[] }> {
  const store = await createStore(config);
  const places = store.places ?? [store.name];
  try {
    if (records) await dropOwnMark(store, records);
    return { places, left: [] };
  } catch (error) {
    return {
      places,
      left: [`What says whose the store is, beside the copies, could not be dropped: ${messageOf(error)}`],
    };
  } finally {
    await store.close();
  }
}

/** That of another database which has the store, too, stays. */
async function dropOwnMark(store: ArchiveStore, { identities }: Records): Promise<void> {
  const marks = ((await store.readMarks?.()) ?? []).map(parseMark);
  if (marks.length > 0 && storeConflict(marks, await identities.known()) === null) await store.dropMark?.();
}

/** In PostgreSQL the migrations took it along. */
async function dropQueue(config: Config, identity: string | null): Promise<readonly string[]> {
  if (config.mongodbUrl === null) return [];
  const collection = sharedQueueName(config);
  try {
    const { dropMongoJobs } = await import('../../job/dropMongoJobs.ts');
    await dropMongoJobs(config.mongodbUrl, { collection, identity });
    return [];
  } catch (error) {
    return [`The queue's collection ${collection} in MongoDB could not be dropped: ${messageOf(error)}`];
  }
}
