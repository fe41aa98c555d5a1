import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { HostDatabase } from '../../portal/HostDatabase.ts';
import { connectionOf, poolSizeOf } from './connectionOf.ts';

const READ_ONLY = `current_setting('transaction_read_only') = 'on'`;
/** Ends the session that runs it, where that may only read: the pool drops it, ours or the host’s. */
const END_READ_ONLY = `select pg_terminate_backend(pg_backend_pid()) where ${READ_ONLY}`;
const ANSWER_MS = 5000;
const EVERY_MS = 1000;
const ROUNDS = 5;
/** Where the pool does not say how many it has. */
const CONNECTIONS = 20;

/**
 * Connections that a failover left at a server which may only be read now, although a new one would find another server
 * that takes writes.
 */
export class LeftBehind {
  readonly #knex: HostDatabase;
  #dropping: Promise<boolean> | null = null;
  #triedAt = Number.NEGATIVE_INFINITY;

  constructor(knex: HostDatabase) {
    this.#knex = knex;
  }

  /** Drops them from the pool; false: there are none, for a new connection may only read as well. Never rejects. */
  drop(): Promise<boolean> {
    this.#dropping ??= this.#drop()
      .catch(() => false)
      .finally(() => {
        this.#dropping = null;
      });
    return this.#dropping;
  }

  /** While nothing can be written, one connection a second finds out, however many statements ask. */
  async #drop(): Promise<boolean> {
    await wait(Math.max(0, this.#triedAt + EVERY_MS - performance.now()));
    this.#triedAt = performance.now();
    if (await this.#isReadOnlyAnew()) return false;
    // A session that was ended is in the pool until its end is noticed.
    for (let round = 0; round < ROUNDS && !(await this.#endEach()); round++);
    return true;
  }

  /** As many at a time as there can be, so that each pooled connection gets one. true: none had to be ended. */
  async #endEach(): Promise<boolean> {
    const most = poolSizeOf(this.#knex) ?? CONNECTIONS;
    const ended = await Promise.allSettled(Array.from({ length: most }, async () => this.#knex.raw(END_READ_ONLY, [])));
    return ended.every(({ status }) => status === 'fulfilled');
  }

  async #isReadOnlyAnew(): Promise<boolean> {
    const reached = await connectionOf(this.#knex);
    const client = new pg.Client({ ...reached, connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ is: boolean }>(`select ${READ_ONLY} as is`);
      return rows[0]?.is !== false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
