import pg from 'pg';

/** Hears the payload of each notification, and null after each connect: what was said meanwhile was not heard. */
export type Heard = (payload: string | null) => void;

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;

/**
 * Hears PostgreSQL notifications on a connection of its own, so that it takes no place in the host's pool. Resolves after
 * the first try to connect and never rejects: a connection that fails or is lost is made again for as long as it takes.
 * Answers how to stop.
 */
export async function listen(
  connection: () => Promise<pg.ClientConfig>,
  channel: string,
  onHeard: Heard,
): Promise<() => Promise<void>> {
  const listener = new ReconnectingListener(connection, channel, onHeard);
  await listener.connect();
  return () => listener.close();
}

class ReconnectingListener {
  readonly #connection: () => Promise<pg.ClientConfig>;
  readonly #channel: string;
  readonly #onHeard: Heard;
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #waitMs = FIRST_WAIT_MS;
  #isClosed = false;

  constructor(connection: () => Promise<pg.ClientConfig>, channel: string, onHeard: Heard) {
    this.#connection = connection;
    this.#channel = channel;
    this.#onHeard = onHeard;
  }

  async connect(): Promise<void> {
    try {
      await this.#open(new pg.Client(await this.#connection()));
    } catch {
      this.#reconnect(this.#client);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#client?.end().catch(() => undefined);
  }

  async #open(client: pg.Client): Promise<void> {
    client.on('notification', ({ payload }) => this.#onHeard(payload ?? ''));
    client.on('error', () => this.#reconnect(client));
    client.on('end', () => this.#reconnect(client));
    this.#client = client;
    await client.connect();
    await client.query(`listen ${pg.escapeIdentifier(this.#channel)}`);
    this.#waitMs = FIRST_WAIT_MS;
    this.#onHeard(null);
  }

  /** Once for each client that is lost, however many of its events say so. */
  #reconnect(lost: pg.Client | null): void {
    if (this.#isClosed || this.#client !== lost) return;
    this.#client = null;
    lost?.end().catch(() => undefined);
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.connect(), this.#waitMs);
    this.#timer.unref();
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }
}
