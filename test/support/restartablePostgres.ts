import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import createKnex from 'knex';
import { openCluster } from '../../plugin/record/cluster/openCluster.ts';
import type { TestDatabase } from './postgres.ts';

export interface RestartablePostgres {
  readonly database: TestDatabase;
  /** Ends every connection; the same data on the same port afterwards. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A PostgreSQL of its own, for tests in which it goes away. */
export async function restartablePostgres(): Promise<RestartablePostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-postgres-'));
  const open = (port: number | null) =>
    openCluster({ folder, password: 'postgres', port, settings: ['fsync=off'], environment: process.env });
  let cluster = await open(null);
  const { url } = cluster;
  const knex = createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 10 } });
  return {
    database: { url, knex, drop: () => knex.destroy() },
    async restart() {
      await cluster.stop();
      cluster = await open(Number(new URL(url).port));
    },
    async stop() {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
