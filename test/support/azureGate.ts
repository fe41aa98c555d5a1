import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, request as send } from 'node:http';

/** How the service refuses a request: as Azure does, with a code in a header and in the body. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AzureGate {
  readonly connectionString: string;
  /** Requests that went through: method, and block or blocklist. */
  readonly seen: string[];
  /** So many next answers are thrown away after the service did its work. */
  loseAnswers: number;
  /** Asked for each request, as `seen` has it, before it is passed on; null: it is. */
  refuse: (described: string) => Refusal | null;
  close(): Promise<void>;
}

/** Passes requests on to Azurite and can lose answers, or refuse; signatures hold, for they do not cover the host. */
export async function openAzureGate(connectionString: string): Promise<AzureGate> {
  const endpoint = /BlobEndpoint=([^;]+)/.exec(connectionString)?.[1] ?? '';
  const target = new URL(endpoint);
  const server: Server = createServer((request, response) => {
    const described = describeRequest(request);
    const refusal = gate.refuse(described);
    if (refusal) {
      request.resume();
      const body = `<?xml version="1.0"?><Error><Code>${refusal.code}</Code><Message>refused</Message></Error>`;
      const headers = { 'Content-Type': 'application/xml', 'x-ms-error-code': refusal.code, ...refusal.headers };
      return void response.writeHead(refusal.status, headers).end(request.method === 'HEAD' ? '' : body);
    }
    gate.seen.push(described);
    const { method, url: path, headers } = request;
    const onward = send({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
      if (gate.loseAnswers > 0) {
        gate.loseAnswers -= 1;
        answer.resume().once('end', () => request.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  const own = new URL(endpoint);
  own.port = String(address.port);
  const gate: AzureGate = {
    connectionString: connectionString.replace(endpoint, own.href),
    seen: [],
    loseAnswers: 0,
    refuse: () => null,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return gate;
}

function describeRequest({ method, url = '' }: IncomingMessage): string {
  const part = new URLSearchParams(url.split('?')[1]).get('comp');
  return part === null ? `${method}` : `${method} ${part}`;
}
