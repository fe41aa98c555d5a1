import pg from 'pg';
import { ANSWER_MS } from './jobNames.ts';
import { JobNotifications } from './jobNotifications.ts';
import type { Listen } from './Listen.ts';
import type { QueueBackend } from './QueueBackend.ts';

/** Where jobs are kept, and how processes hear of them. */
export interface BackendSettings {
  readonly mongodbUrl: string | null;
  /** Connection of the portal's PostgreSQL, as knex or pg take it. */
  readonly connection: string | pg.PoolConfig;
  /** Hears notifications of that PostgreSQL, whichever server keeps the jobs. */
  readonly listen: Listen;
  /** Of the table or collection of the jobs, and of the channel of their notifications. */
  readonly queueName: string;
}

/** An open place of jobs; closing it ends the connections that were made for it. */
export interface OpenBackend {
  readonly jobs: QueueBackend;
  readonly notifications: JobNotifications;
  close(): Promise<void>;
}

/** MongoDB when its URL is given, else the portal's own PostgreSQL. Its tables and indexes are there when it resolves. */
export async function openBackend(settings: BackendSettings): Promise<OpenBackend> {
  const { connection, listen, queueName, mongodbUrl } = settings;
  const pool = openPool(connection);
  try {
    const jobs =
      mongodbUrl === null ? await openPostgresJobs(pool, queueName) : await openMongoJobs(mongodbUrl, queueName);
    const notifications = new JobNotifications({ pool, listen, channelName: queueName });
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

async function openPostgresJobs(pool: pg.Pool, table: string): Promise<QueueBackend> {
  const { PostgresJobs } = await import('./postgresJobs.ts');
  return PostgresJobs.open(pool, table);
}

/** Only here is the driver loaded: where the queue lies in PostgreSQL it need not even be installed. */
async function openMongoJobs(url: string, collection: string): Promise<QueueBackend> {
  const { MongoJobs } = await import('./mongoJobs.ts');
  return MongoJobs.open(url, collection);
}

function openPool(connection: string | pg.PoolConfig): pg.Pool {
  const config = typeof connection === 'string' ? { connectionString: connection } : connection;
  const pool = new pg.Pool({ ...config, max: 8, connectionTimeoutMillis: ANSWER_MS });
  // A connection that breaks while idle is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  return pool;
}
