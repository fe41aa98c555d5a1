import pg from 'pg';
import { ANSWER_MS } from './jobNames.ts';
import { JobNotifications } from './jobNotifications.ts';
import { openMongoJobs } from './mongoJobs.ts';
import { openPostgresJobs } from './postgresJobs.ts';
import type { QueueBackend } from './QueueBackend.ts';

export interface BackendSettings {
  readonly mongodbUrl: string | null;
  /** Connection of the portal's PostgreSQL, as knex or pg take it. */
  readonly connection: string | pg.PoolConfig;
  readonly queueName: string;
}

export interface OpenBackend {
  readonly jobs: QueueBackend;
  readonly notifications: JobNotifications;
  close(): Promise<void>;
}

/** MongoDB when its URL is given, else the portal's own PostgreSQL. Its tables and indexes are there when it resolves. */
export async function openBackend(settings: BackendSettings): Promise<OpenBackend> {
  const { connection, queueName, mongodbUrl } = settings;
  const pool = openPool(connection);
  try {
    const jobs =
      mongodbUrl === null ? await openPostgresJobs(pool, queueName) : await openMongoJobs(mongodbUrl, queueName);
    const announcements = new JobNotifications({ pool, connection, channelName: queueName });
    const close = async () => {
      await jobs.close();
      await pool.end();
    };
    return { jobs, notifications: announcements, close };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

function openPool(connection: string | pg.PoolConfig): pg.Pool {
  const config = typeof connection === 'string' ? { connectionString: connection } : connection;
  const pool = new pg.Pool({ ...config, max: 8, connectionTimeoutMillis: ANSWER_MS });
  // A connection that breaks while idle is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  return pool;
}
