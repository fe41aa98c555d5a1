import pg from 'pg';
import { messageOf } from '../../errors.ts';

/** Hears the payload of each notification, and null after each connect: what was said meanwhile was not heard. */
type Heard = (payload: string | null) => void;

/** Listens to a channel until the answered function is called. */
export type Listen = (channel: string, onHeard: Heard) => Promise<() => Promise<void>>;

/** How to connect, and whom to tell when notifications do not come. */
export interface ListenDeps {
  connection(): Promise<pg.ClientConfig>;
  /** A pooler stands before the database: it lends its sessions out by transaction, and LISTEN would reach somebody else. */
  onPooled?(): void;
  /** Not connected, until it says otherwise; told once for each loss. */
  onLost?(reason: string): void;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
const CONNECT_MS = 8000;

/**
 * Hears PostgreSQL notifications on a connection of its own, so that it takes no place in the host's pool. Resolves after
 * the first try to connect and never rejects: a connection that fails or is lost is made again for as long as it takes.
 * Through a pooler nothing is heard, and a listener finds what it missed by its own polling.
 */
export function listenOver(deps: ListenDeps): Listen {
  return async (channel, onHeard) => {
    const listener = new ReconnectingListener(deps, channel, onHeard);
    await listener.connect();
    return () => listener.close();
  };
}

class ReconnectingListener {
  readonly #deps: ListenDeps;
  readonly #channel: string;
  readonly #onHeard: Heard;
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #waitMs = FIRST_WAIT_MS;
  #isLost = false;
  #isClosed = false;

  constructor(deps: ListenDeps, channel: string, onHeard: Heard) {
    this.#deps = deps;
    this.#channel = channel;
    this.#onHeard = onHeard;
  }

  async connect(): Promise<void> {
    try {
      const connection = await this.#deps.connection();
      await this.#open(new pg.Client({ ...connection, connectionTimeoutMillis: CONNECT_MS, keepAlive: true }));
    } catch (error) {
      this.#reconnect(this.#client, messageOf(error));
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#client?.end().catch(() => undefined);
  }

  async #open(client: pg.Client): Promise<void> {
    client.on('notification', ({ payload }) => this.#onHeard(payload ?? ''));
    client.on('error', (error) => this.#reconnect(client, messageOf(error)));
    client.on('end', () => this.#reconnect(client, 'the connection ended'));
    this.#client = client;
    await client.connect();
    if (await isPooled(client)) return this.#leave(client);
    await client.query(`listen ${pg.escapeIdentifier(this.#channel)}`);
    this.#waitMs = FIRST_WAIT_MS;
    this.#isLost = false;
    this.#onHeard(null);
  }

  async #leave(client: pg.Client): Promise<void> {
    this.#client = null;
    await client.end().catch(() => undefined);
    this.#deps.onPooled?.();
  }

  /** Once for each client that is lost, however many of its events say so. */
  #reconnect(lost: pg.Client | null, reason: string): void {
    if (this.#isClosed || this.#client !== lost) return;
    this.#client = null;
    lost?.end().catch(() => undefined);
    if (!this.#isLost) this.#deps.onLost?.(reason);
    this.#isLost = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.connect(), this.#waitMs);
    this.#timer.unref();
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }
}

/** PostgreSQL tells a client the number of the process that serves it; a pooler tells a number of its own. */
async function isPooled(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query('select pg_backend_pid()::text as pid');
  return 'processID' in client && rows[0].pid !== String(client.processID);
}
