import type { Knex } from 'knex';
import pg from 'pg';
import { connectionOf } from './connectionOf.ts';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;

/**
 * Hears PostgreSQL notifications on a connection of its own, so that it takes no place in the host's pool. Reconnects
 * by itself, and calls back after each connect, for what was said meanwhile was not heard. Answers how to stop.
 */
export async function listen(knex: Knex, channel: string, onHeard: () => void): Promise<() => Promise<void>> {
  let client: pg.Client | null = null;
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let waitMs = FIRST_WAIT_MS;

  async function connect(): Promise<void> {
    const next = new pg.Client(await connectionOf(knex));
    next.on('notification', onHeard);
    next.on('error', () => again(next));
    next.on('end', () => again(next));
    client = next;
    try {
      await next.connect();
      await next.query(`listen ${pg.escapeIdentifier(channel)}`);
      waitMs = FIRST_WAIT_MS;
      onHeard();
    } catch {
      again(next);
    }
  }

  function again(lost: pg.Client): void {
    if (stopped || client !== lost) return;
    client = null;
    lost.end().catch(() => undefined);
    timer = setTimeout(() => void connect(), waitMs);
    timer.unref();
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }

  await connect();
  return async () => {
    stopped = true;
    if (timer) clearTimeout(timer);
    await client?.end().catch(() => undefined);
  };
}
