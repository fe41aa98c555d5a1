import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';

const MIB = 1024 * 1024;
/** Longer than what a retriever hashes in its own thread. */
const LONG_BYTES = 64 * MIB;
const ROWS = Buffer.alloc(MIB, 'id,value\n1,alpha\n2,beta\n');

/** A publisher on loopback whose answers wait until they are let go. Paths: `/NAME.csv`, `/missing…`, `/long…`. */
export class TestPublisher {
  readonly #server: Server = createServer((request, response) => void this.#serve(request.url ?? '', response));
  readonly #arrivals = new Map<string, () => void>();
  #held: Promise<void> = Promise.resolve();
  #letGo: () => void = () => undefined;

  static async start(): Promise<TestPublisher> {
    const publisher = new TestPublisher();
    publisher.#server.listen(0, '127.0.0.1');
    await once(publisher.#server, 'listening');
    return publisher;
  }

  url(path: string): string {
    const address = this.#server.address();
    if (!address || typeof address === 'string') throw new TypeError('The publisher is not started.');
    return `http://127.0.0.1:${address.port}${path}`;
  }

  /** What a path is answered with, for as far as the test needs it. */
  body(path: string): Buffer {
    return Buffer.from(`path,count\n${path},1\n`);
  }

  /** Answers stop before their end until {@link release}: small ones before their head, long ones after 3 MiB. */
  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#letGo = resolve;
    });
  }

  release(): void {
    this.#letGo();
    this.#held = Promise.resolve();
  }

  /** Resolves when a path has been asked for and as much of its answer is sent as `hold` lets through. */
  arrival(path: string): Promise<void> {
    return new Promise((resolve) => {
      this.#arrivals.set(path, resolve);
    });
  }

  async stop(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(path: string, response: ServerResponse): Promise<void> {
    if (path.startsWith('/long')) return this.#serveLong(path, response);
    this.#arrivals.get(path)?.();
    await this.#held;
    if (path.startsWith('/missing')) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'text/csv' }).end(this.body(path));
  }

  async #serveLong(path: string, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/csv', 'content-length': LONG_BYTES });
    for (let sent = 0; sent < LONG_BYTES && !response.destroyed; sent += ROWS.length) {
      if (sent === 3 * MIB) {
        this.#arrivals.get(path)?.();
        await this.#held;
      }
      await written(response, ROWS);
    }
    response.end();
  }
}

/** Resolves when the bytes are handed over, or can no longer be. */
function written(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.write(bytes, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}
