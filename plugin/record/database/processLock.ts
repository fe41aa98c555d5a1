import pg from 'pg';
import { databaseFailed } from './databaseFailed.ts';

/** Held for as long as its process lives: PostgreSQL gives it up by itself when the connection ends. */
export interface ProcessLock {
  release(): Promise<void>;
}

/**
 * null: another process holds the lock of this name. On a connection of its own, in a transaction that stays open: through a
 * pooler a lock of the session would stay behind when its process is gone. Throws `database-failed`.
 */
export async function takeProcessLock(connection: pg.ClientConfig, name: string): Promise<ProcessLock | null> {
  const client = new pg.Client(connection);
  // A connection that is lost has given the lock up; the next query finds out.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('begin');
    await client.query('set local idle_in_transaction_session_timeout = 0');
    const { rows } = await client.query<{ taken: boolean }>(
      'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as taken',
      [name],
    );
    if (rows[0]?.taken) return { release: () => client.end() };
    await client.end();
    return null;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw databaseFailed('making sure that no other process works on it', error);
  }
}
