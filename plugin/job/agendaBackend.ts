import { MongoBackend } from '@agendajs/mongo-backend';
import { PostgresBackend, PostgresNotificationChannel } from '@agendajs/postgres-backend';
import type { AgendaBackend } from 'agenda';
import { MongoClient } from 'mongodb';
import pg from 'pg';

export interface BackendSettings {
  readonly mongodbUrl: string | null;
  /** Connection of the portal's PostgreSQL, as knex or pg take it. */
  readonly connection: string | pg.PoolConfig;
  readonly queueName: string;
}

export interface QueueBackend {
  readonly name: 'agenda-mongodb' | 'agenda-postgresql';
  readonly backend: AgendaBackend;
  readonly notifications: PostgresNotificationChannel;
  ping(): Promise<void>;
  /** Ends what we opened. */
  close(): Promise<void>;
}

const ANSWER_MS = 5000;

/** Jobs are announced through PostgreSQL whichever server keeps them: it is there in any case, and reaches every process. */
class JobAnnouncements extends PostgresNotificationChannel {
  /** Nobody listens to the states of jobs: the records tell more, and tell it in the transaction. */
  override async publishState(): Promise<void> {}
}

/** Where Agenda keeps its jobs: MongoDB when its URL is given, else the portal's own PostgreSQL. */
export async function openBackend(settings: BackendSettings): Promise<QueueBackend> {
  const pool = openPool(settings.connection);
  const notifications = new JobAnnouncements({ pool, channelName: settings.queueName, reconnect: { enabled: true } });
  if (settings.mongodbUrl === null) return postgresBackend(settings.queueName, pool, notifications);
  try {
    return await mongoBackend(settings.mongodbUrl, settings.queueName, pool, notifications);
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

function postgresBackend(queueName: string, pool: pg.Pool, notifications: PostgresNotificationChannel): QueueBackend {
  return {
    name: 'agenda-postgresql',
    backend: new PostgresBackend({
      pool,
      tableName: queueName,
      logTableName: `${queueName}_log`,
      disableNotifications: true,
    }),
    notifications,
    ping: async () => void (await pool.query('select 1')),
    close: () => pool.end(),
  };
}

async function mongoBackend(
  url: string,
  queueName: string,
  pool: pg.Pool,
  notifications: PostgresNotificationChannel,
): Promise<QueueBackend> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: ANSWER_MS });
  await client.connect();
  const database = client.db();
  return {
    name: 'agenda-mongodb',
    backend: new MongoBackend({ mongo: database, collection: queueName, logCollection: `${queueName}_log` }),
    notifications,
    ping: async () => void (await database.command({ ping: 1 })),
    close: async () => {
      await client.close(true);
      await pool.end();
    },
  };
}
