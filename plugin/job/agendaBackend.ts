import pg from 'pg';
import type { StartWait } from '../model/startWait.ts';
import { ANSWER_MS } from './jobNames.ts';
import { JobNotifications } from './jobNotifications.ts';
import type { Listen } from './Listen.ts';
import type { MongoPlace } from './mongoJobs.ts';
import type { PostgresJobsDeps } from './postgresJobs.ts';
import type { QueueBackend } from './QueueBackend.ts';
import type { QueueClock } from './queueClock.ts';
import { retryingPool } from './retryingPool.ts';

/** Where jobs are kept, and how processes hear of them. */
export interface BackendSettings {
  readonly mongodbUrl: string | null;
  /** Connection of the portal's PostgreSQL, as knex or pg take it. */
  readonly connection: string | pg.PoolConfig;
  /** Hears notifications of that PostgreSQL, whichever server keeps the jobs. */
  readonly listen: Listen;
  /** The archiver's own, which is there already. In it lies the table of the jobs. */
  readonly schema: string;
  readonly queueName: string;
  /** Of the collection of the jobs and the channel of their notifications, for which several archivers have one server. */
  readonly sharedName: string;
  /** What tells this archiver from others on one database of MongoDB; null: nothing does. Asked when jobs lie there. */
  identity?(): Promise<string | null>;
  readonly clock: QueueClock;
}

/** An open place of jobs; closing it ends the connections that were made for it. */
export interface OpenBackend {
  readonly jobs: QueueBackend;
  readonly notifications: JobNotifications;
  close(): Promise<void>;
}

const CONNECTIONS = 8;
const MAX_CHANNEL_LENGTH = 63;

/** MongoDB when its URL is given, else the portal's own PostgreSQL. Its tables and indexes are there when it resolves. */
export async function openBackend(settings: BackendSettings, wait: Pick<StartWait, 'pause'>): Promise<OpenBackend> {
  const { connection, listen, schema, queueName, sharedName, mongodbUrl, clock } = settings;
  const pool = openPool(connection, CONNECTIONS);
  try {
    const jobs =
      mongodbUrl === null
        ? await openPostgresJobs(pool, connection, { place: { schema, table: queueName }, wait, clock })
        : await openMongoJobs(
            mongodbUrl,
            { collection: sharedName, identity: (await settings.identity?.()) ?? null },
            clock,
          );
    // PostgreSQL takes no longer names of channels; two that begin the same only hear of each other's jobs.
    const notifications = new JobNotifications({
      pool,
      listen,
      channelName: sharedName.slice(0, MAX_CHANNEL_LENGTH),
      clock,
    });
    const close = async () => {
      await jobs.close();
      await pool.end();
    };
    return { jobs, notifications, close };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function openPostgresJobs(
  pool: pg.Pool,
  connection: BackendSettings['connection'],
  deps: PostgresJobsDeps,
): Promise<QueueBackend> {
  const { PostgresJobs } = await import('./postgresJobs.ts');
  return PostgresJobs.open(retryingPool(pool), () => openPool(connection, 1), deps);
}

/** Only here is the driver loaded: where the queue lies in PostgreSQL it need not even be installed. */
async function openMongoJobs(url: string, place: MongoPlace, clock: QueueClock): Promise<QueueBackend> {
  const { MongoJobs } = await import('./mongoJobs.ts');
  return MongoJobs.open(url, place, clock);
}

function openPool(connection: string | pg.PoolConfig, max: number): pg.Pool {
  const config = typeof connection === 'string' ? { connectionString: connection } : connection;
  const pool = new pg.Pool({ ...config, max, connectionTimeoutMillis: ANSWER_MS });
  // A connection that breaks while idle is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  return pool;
}
