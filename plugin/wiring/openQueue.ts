import { AgendaQueue } from '../job/agendaQueue.ts';
import type { JobHandlers, JobQueue } from '../job/JobQueue.ts';
import type { Logger } from '../model/logger.ts';
import type { HostDatabase } from '../portal/HostDatabase.ts';
import { portalIdentity } from '../record/coordination/portalIdentity.ts';
import { connectionOf } from '../record/database/connectionOf.ts';
import type { Listen } from '../record/database/listen.ts';
import { databaseOf } from '../record/database/openDatabase.ts';
import type { Config } from '../settings/Config.ts';
import { SETTINGS } from '../settings/settingsTable.ts';
import type { Scope } from './scope.ts';
import type { StartWaits } from './startWaits.ts';

interface QueueDeps {
  readonly knex: HostDatabase;
  readonly listen: Listen;
  now(): Date;
  readonly logger: Logger;
  /** false: only to try it; of a shared MongoDB no collection is claimed. Default: true. */
  readonly claims?: boolean;
}

/** The queue that the settings name, not connected yet. */
export async function createQueue(
  config: Config,
  { knex, listen, now, logger, claims = true }: QueueDeps,
): Promise<AgendaQueue> {
  return new AgendaQueue({
    mongodbUrl: config.mongodbUrl,
    connection: await connectionOf(knex),
    listen,
    schema: config.schema,
    queueName: config.queueName,
    sharedName: sharedQueueName(config),
    identity: async () => (claims ? portalIdentity(databaseOf(knex, config.schema)) : null),
    pollMs: config.queuePollMs,
    concurrency: config.concurrency,
    lockMs: config.leaseMs,
    now,
    logger,
  });
}

/** What several archivers on one server must not share carries the schema; the default schema's keeps the plain name. */
export const sharedQueueName = ({ schema, queueName }: Pick<Config, 'schema' | 'queueName'>): string =>
  schema === SETTINGS.schema.default ? queueName : `${schema}.${queueName}`;

/** Connects; with handlers the queue works on jobs. Throws `ArchiverError('queue-failed')`. */
export async function startQueue(
  queue: JobQueue,
  handlers: JobHandlers | null,
  { scope, waits }: { readonly scope: Scope; readonly waits: StartWaits },
): Promise<void> {
  scope.defer((deadlineMs) => queue.stop(deadlineMs));
  await waits.during('the queue', queue.start(handlers, waits));
}
