import type { Knex } from 'knex';
import type pg from 'pg';

/**
 * How to reach the same database on a connection of one's own, as pg takes it. knex keeps the password where no copy of
 * its settings finds it, and a host may give its connection as a function.
 */
export async function connectionOf(knex: Knex): Promise<pg.ClientConfig> {
  const { connection } = knex.client.config;
  const given = typeof connection === 'function' ? await connection() : connection;
  return typeof given === 'string' ? { connectionString: given } : { ...given, password: given?.password };
}
