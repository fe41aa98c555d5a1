import type { Uninstalled } from '../Archiver.ts';
import { messageOf } from '../errors.ts';
import type { HostDatabase } from '../portal/HostDatabase.ts';
import type { Portal } from '../portal/Portal.ts';
import { migrate } from '../record/database/migrate.ts';
import { openDatabase } from '../record/database/openDatabase.ts';
import { schemaState } from '../record/database/schemaState.ts';
import { createRecords } from '../record/openRecords.ts';
import type { Config } from '../settings/Config.ts';
import { pages } from '../trigger/pages.ts';
import { sharedQueueName } from './openQueue.ts';
import { createStore } from './openStore.ts';

/**
 * Takes away all that is ours but the copies, with nothing started: neither queue nor store need answer. Throws
 * `ArchiverError('database-failed')`, and `schema-mismatch` where a newer version made the tables; then all is as it was.
 */
export async function uninstall(config: Config, portal: Portal): Promise<Uninstalled> {
  const knex = portal.database ?? openDatabase(config.databaseUrl);
  try {
    const isInstalled = (await schemaState(knex, config.schema)).applied.length > 0;
    const copies = isInstalled ? await copiesIn(knex, config) : [];
    if (isInstalled) await migrate(knex, config, 'down');
    return { copies, places: await placesOf(config), left: await dropQueue(config) };
  } finally {
    if (!portal.database) await knex.destroy();
  }
}

async function copiesIn(knex: HostDatabase, { schema }: Config): Promise<string[]> {
  const { copies } = createRecords({ knex, schema, writeBack: async () => undefined, ownsKnex: false });
  const keys: string[] = [];
  for await (const page of pages((after) => copies.page(after, 1000))) keys.push(...page.map(({ key }) => key));
  return keys;
}

async function placesOf(config: Config): Promise<readonly string[]> {
  const store = await createStore(config);
  await store.close();
  return store.places ?? [store.name];
}

/** In PostgreSQL the migrations took it along. */
async function dropQueue(config: Config): Promise<readonly string[]> {
  if (config.mongodbUrl === null) return [];
  const collection = sharedQueueName(config);
  try {
    const { dropMongoJobs } = await import('../job/dropMongoJobs.ts');
    await dropMongoJobs(config.mongodbUrl, collection);
    return [];
  } catch (error) {
    return [`The queue's collection ${collection} in MongoDB could not be dropped: ${messageOf(error)}`];
  }
}
