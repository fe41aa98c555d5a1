import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Answers one request; `host` counts the hosts from 0. */
type Answer = (request: IncomingMessage, response: ServerResponse, host: number) => void;

/** A crowd of hosts, ports of one or more loopback addresses, and how many requests were under way at them at a time. */
export class ManyHosts {
  readonly #servers: Server[] = [];
  requests = 0;
  active = 0;
  most = 0;

  /** `address`: of each host, by its number. */
  static async start(hosts: number, answer: Answer, address = (_host: number) => '127.0.0.1'): Promise<ManyHosts> {
    const crowd = new ManyHosts();
    for (let host = 0; host < hosts; host++) {
      const server = createServer((request, response) => {
        crowd.requests += 1;
        crowd.most = Math.max(crowd.most, ++crowd.active);
        // Over once its end was written, which the client may see before the server closes it.
        let isOver = false;
        const end = () => {
          if (!isOver) crowd.active -= 1;
          isOver = true;
        };
        response.once('prefinish', end).once('close', end);
        answer(request, response, host);
      });
      server.listen(0, address(host));
      await once(server, 'listening');
      crowd.#servers.push(server);
    }
    return crowd;
  }

  /** `host[:port]` of one of them. */
  hostOf(host: number): string {
    const bound = this.#servers[host % this.#servers.length]?.address();
    if (!bound || typeof bound === 'string') throw new TypeError('There is no such host.');
    return `${bound.address}:${bound.port}`;
  }

  url(host: number, path: string): string {
    return `http://${this.hostOf(host)}${path}`;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }
}

/** A small file. */
export const sendCsv: Answer = ({ url }, response) =>
  void response.writeHead(200, { 'content-type': 'text/csv' }).end(`id,url\n1,${url}\n`);

/** A file that drips: 200 bytes a second, without an end. */
export const drip: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/csv', 'content-length': '10000000' });
  response.write(`id,value\n${'1,drop\n'.repeat(100)}`);
  const timer = setInterval(() => response.write('2,drop of a file\n3,\n'), 100);
  response.once('close', () => clearInterval(timer));
};
