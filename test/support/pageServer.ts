import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** One request, its body read. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

export interface PageServer {
  /** `http://127.0.0.1:…` */
  readonly site: string;
  /** Everything that was asked, in order. */
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** A web server whose pages a test writes; everything it is asked is kept. */
export async function startPageServer(answer: (asked: Asked, response: ServerResponse) => void): Promise<PageServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const one = {
      method: request.method ?? '',
      path: request.url ?? '',
      body: await text(request),
      headers: request.headers,
    };
    asked.push(one);
    answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    site: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with a page. */
export function sendPage(response: ServerResponse, html: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(`<!doctype html>${html}`);
}

/** Answers with a small table. */
export function sendTable(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/csv', etag: '"t1"' }).end('name,count\r\nalpha,1\r\nbeta,2\r\n');
}
