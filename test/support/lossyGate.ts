import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse, request as send } from 'node:http';

/** How a service refuses a request: as Azure and S3 do, with a code in the body. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Stands between a store and its service. */
export interface LossyGate {
  /** Takes the place of the service's address. */
  readonly endpoint: string;
  /** Requests that went through, as `describe` tells them. */
  readonly seen: string[];
  /** So many next answers are thrown away after the service did its work. */
  loseAnswers: number;
  /** Turns one bit in the next request body that is longer than this many bytes; null: in none. */
  damageOver: number | null;
  /** A header that no request keeps. */
  dropHeader: string | null;
  /** Asked for each request, as `seen` has it, before it is passed on; null: it is. */
  refuse: (described: string) => Refusal | null;
  close(): Promise<void>;
}

/** Passes requests on; can lose answers and damage bodies. Keeps the `Host` that the client sent, which signatures cover. */
export async function openLossyGate(
  endpoint: string,
  describe: (request: IncomingMessage) => string = ({ method }) => `${method}`,
): Promise<LossyGate> {
  const target = new URL(endpoint);
  const server: Server = createServer(async (request, response) => {
    const described = describe(request);
    const refusal = gate.refuse(described);
    if (refusal) return sendRefusal(request, response, refusal);
    gate.seen.push(described);
    const { method, url: path } = request;
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== gate.dropHeader));
    const onward = send({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
      if (gate.loseAnswers > 0) {
        gate.loseAnswers -= 1;
        answer.resume().once('end', () => request.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => request.socket.destroy());
    let passed = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      passed += chunk.length;
      if (gate.damageOver !== null && passed > gate.damageOver) {
        gate.damageOver = null;
        chunk[chunk.length >> 1] = (chunk[chunk.length >> 1] ?? 0) ^ 1;
      }
      onward.write(chunk);
    }
    onward.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  const own = new URL(endpoint);
  own.port = String(address.port);
  const gate: LossyGate = {
    endpoint: own.href.replace(/\/$/, ''),
    seen: [],
    loseAnswers: 0,
    damageOver: null,
    dropHeader: null,
    refuse: () => null,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return gate;
}

function sendRefusal(request: IncomingMessage, response: ServerResponse, { status, code, headers }: Refusal): void {
  request.resume();
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>refused</Message></Error>`;
  response.writeHead(status, { 'Content-Type': 'application/xml', 'x-ms-error-code': code, ...headers });
  response.end(request.method === 'HEAD' ? '' : body);
}
