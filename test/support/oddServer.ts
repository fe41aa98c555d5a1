import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { resetConnection } from './resetConnection.ts';

/** One request as it came over the wire. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Counts from 0. */
  readonly connection: number;
}

export type Reply = (socket: Socket, request: SeenRequest) => void;

/**
 * A web server that sends exactly the bytes it is told to, on real sockets: what HTTP libraries are too polite for. A
 * script maps a path to one reply, or to a list of them for the requests in turn (the last one repeats).
 */
export class OddServer {
  readonly requests: SeenRequest[] = [];
  readonly sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #script: Map<string, readonly Reply[]>;
  readonly #counts = new Map<string, number>();
  #connections = 0;

  private constructor(script: Readonly<Record<string, Reply | readonly Reply[]>>) {
    this.#script = new Map(
      Object.entries(script).map(([path, replies]) => [path, typeof replies === 'function' ? [replies] : replies]),
    );
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static async start(script: Readonly<Record<string, Reply | readonly Reply[]>>): Promise<OddServer> {
    const server = new OddServer(script);
    await new Promise<void>((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#connections;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  #serve(socket: Socket): void {
    const connection = this.#connections++;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        this.#reply(socket, parse(head, connection));
      }
    });
  }

  #reply(socket: Socket, request: SeenRequest): void {
    this.requests.push(request);
    const replies = this.#script.get(request.path) ?? this.#script.get('*') ?? [send(status(404, 'Not Found'))];
    const count = this.#counts.get(request.path) ?? 0;
    this.#counts.set(request.path, count + 1);
    replies[Math.min(count, replies.length - 1)]?.(socket, request);
  }
}

function parse(head: string, connection: number): SeenRequest {
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const [method = '', path = ''] = first.split(' ');
  return { method, path, headers, connection };
}

/** Sends bytes and leaves the connection open. Text is latin1: one character, one byte. */
export function send(...parts: readonly (string | Uint8Array)[]): Reply {
  return (socket) => {
    socket.write(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))));
  };
}

/** Sends bytes and closes the connection in good order. */
export function sendAndClose(...parts: readonly (string | Uint8Array)[]): Reply {
  return (socket, request) => {
    send(...parts)(socket, request);
    socket.end();
  };
}

/** Sends bytes, lets them arrive, and resets the connection. */
export function sendAndReset(...parts: readonly (string | Uint8Array)[]): Reply {
  return (socket) => {
    const bytes = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
    socket.write(bytes, () => setTimeout(() => resetConnection(socket), 30));
  };
}

/** A whole, well-formed answer. */
export function answer(
  code: number,
  headers: Readonly<Record<string, string | readonly string[]>>,
  body: string | Uint8Array = '',
): Reply {
  return send(head(code, { 'content-length': String(Buffer.byteLength(body)), ...headers }), body);
}

export function status(code: number, phrase = 'Whatever'): string {
  return `HTTP/1.1 ${code} ${phrase}\r\nContent-Length: 0\r\n\r\n`;
}

export function head(code: number, headers: Readonly<Record<string, string | readonly string[]>>): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}\r\n`),
  );
  return `HTTP/1.1 ${code} Whatever\r\n${lines.join('')}\r\n`;
}
