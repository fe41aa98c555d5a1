import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A publisher with several hosts (ports), that counts what is asked. Every file is different. */
export class FilePublisher {
  readonly #servers: Server[] = [];
  readonly requests = new Map<string, number>();
  /** Answers instead of the file; null: the file. */
  answer: ((id: string, request: IncomingMessage, response: ServerResponse) => boolean) | null = null;
  /** Longest wait before an answer, in milliseconds. */
  slownessMs = 0;

  static async start(hosts: number): Promise<FilePublisher> {
    const publisher = new FilePublisher();
    for (let i = 0; i < hosts; i++) {
      const server = createServer((request, response) => publisher.#serve(request, response));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      publisher.#servers.push(server);
    }
    return publisher;
  }

  /** Spread over the hosts. */
  url(id: string, number = 0): string {
    const addresses = this.#servers.map((server) => server.address());
    const address = addresses[number % addresses.length];
    if (!address || typeof address === 'string') throw new TypeError('The publisher is not started.');
    return `http://127.0.0.1:${address.port}/${id}.csv`;
  }

  body(id: string): string {
    return `id,value\n${id},${'0123456789'.repeat(40)}\n`;
  }

  get total(): number {
    return [...this.requests.values()].reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const id = /^\/(.+)\.csv$/.exec(request.url ?? '')?.[1] ?? '';
    this.requests.set(id, (this.requests.get(id) ?? 0) + 1);
    if (this.answer?.(id, request, response)) return;
    const send = () => response.writeHead(200, { 'content-type': 'text/csv' }).end(this.body(id));
    if (this.slownessMs === 0) send();
    else setTimeout(send, Math.random() * this.slownessMs);
  }
}
