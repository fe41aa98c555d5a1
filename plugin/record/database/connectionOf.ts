import type pg from 'pg';
import type { HostDatabase } from '../../portal/HostDatabase.ts';
import { OWN_TYPES } from './ownTypes.ts';

/** Only where it is needed, for a session that a pooler lends out is not changed for its other clients. */
const SESSION = `select set_config('datestyle', 'ISO, MDY', false) where current_setting('datestyle') not like 'ISO%'`;

/**
 * How to reach the same database on connections of one's own, as pg takes it, with parsers and a session style of our own.
 * knex keeps the password where no copy of its settings finds it, and a host may give its connection as a function, or a
 * pool of pg instead.
 */
export async function connectionOf(knex: HostDatabase): Promise<pg.PoolConfig> {
  const { connection, connectionPool } = knex.client.config;
  const given = (typeof connection === 'function' ? await connection() : connection) ?? connectionPool?.options;
  const reached = typeof given === 'string' ? { connectionString: given } : { ...given, password: given?.password };
  // A token is worth something for a while: each connection is made with the one of then.
  const currentPassword = async () => passwordIn(typeof connection === 'function' ? await connection() : connection);
  const password = typeof connection === 'function' && typeof given !== 'string' ? { password: currentPassword } : {};
  return { ...reached, ...password, types: OWN_TYPES, onConnect: (client) => client.query(SESSION) };
}

/** Connections that the host's pool may have at most; null: it does not say. */
export function poolSizeOf(knex: HostDatabase): number | null {
  const { pool, config } = knex.client;
  const max = pool?.max ?? config.connectionPool?.options?.max;
  return typeof max === 'number' ? max : null;
}

/** Of what a host's function gives; a password may be a function itself. */
async function passwordIn(connection: unknown): Promise<string> {
  const password: unknown = Object(connection).password;
  return String(typeof password === 'function' ? await password() : (password ?? ''));
}
