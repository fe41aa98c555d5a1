import { join } from 'node:path';
import { ArchiverError, messageOf } from '../errors.ts';
import type { HostDatabase } from '../portal/HostDatabase.ts';
import { type Cluster, openCluster } from '../record/cluster/openCluster.ts';
import { connectionOf } from '../record/database/connectionOf.ts';
import { openDatabase } from '../record/database/openDatabase.ts';
import { takeProcessLock } from '../record/database/processLock.ts';
import { keptSecret, OWN_FOLDER } from './keptSecret.ts';

/** The database of a mirror, which no other process mirrors into for as long as it is open. */
export interface MirrorDatabase {
  readonly knex: HostDatabase;
  close(): Promise<void>;
}

/**
 * `DATABASE_URL`, or a PostgreSQL of our own below the folder: made by the first run, taken over where it lives on after
 * its process was killed, ended with ours. Throws `ArchiverError('settings-invalid')` where there is no PostgreSQL,
 * `invalid-request` where another process is at work.
 */
export async function openMirrorDatabase(place: {
  readonly folder: string;
  readonly databaseUrl: string | null;
  readonly schema: string;
  readonly environment: NodeJS.ProcessEnv;
}): Promise<MirrorDatabase> {
  const { folder, databaseUrl, schema, environment } = place;
  const cluster = databaseUrl === null ? await openOwn(folder, environment) : null;
  const knex = openDatabase(databaseUrl ?? cluster?.url ?? null);
  try {
    const lock = await takeProcessLock(await connectionOf(knex), `portal-archiver mirror ${schema}`);
    if (!lock) throw new ArchiverError('invalid-request', `Another process mirrors into ${folder}; end it first.`);
    return {
      knex,
      close: () =>
        closeAll(
          lock.release,
          () => knex.destroy(),
          () => cluster?.stop(),
        ),
    };
  } catch (error) {
    // The server belongs to the process that holds the lock; without one there, it ends with us.
    const isOthers = error instanceof ArchiverError && error.code === 'invalid-request';
    await closeAll(() => knex.destroy(), isOthers ? () => undefined : () => cluster?.stop());
    throw error;
  }
}

async function openOwn(folder: string, environment: NodeJS.ProcessEnv): Promise<Cluster> {
  try {
    const { secret: password } = await keptSecret(folder, 'database-password');
    return await openCluster({ folder: join(folder, OWN_FOLDER), password, port: null, environment });
  } catch (error) {
    if (error instanceof ArchiverError) throw error;
    throw new ArchiverError('database-failed', `No PostgreSQL starts in ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function closeAll(...closes: (() => unknown)[]): Promise<void> {
  for (const close of closes) await close();
}
