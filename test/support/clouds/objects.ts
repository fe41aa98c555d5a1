import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { parentPort } from 'node:worker_threads';

/** One object of an emulated storage. */
export interface StoredObject {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Grows with every write, as generations do. */
  readonly generation: number;
}

/** Buckets and what lies in them, in the order of their names' bytes. */
export class Buckets {
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  #generation = Date.now();

  create(bucket: string): void {
    if (!this.#buckets.has(bucket)) this.#buckets.set(bucket, new Map());
  }

  has(bucket: string): boolean {
    return this.#buckets.has(bucket);
  }

  get(bucket: string, key: string): StoredObject | undefined {
    return this.#buckets.get(bucket)?.get(key);
  }

  put(bucket: string, key: string, body: Buffer, headers: StoredObject['headers']): StoredObject {
    this.#generation += 1;
    const object = { body, headers, generation: this.#generation };
    this.#buckets.get(bucket)?.set(key, object);
    return object;
  }

  remove(bucket: string, key: string): boolean {
    return this.#buckets.get(bucket)?.delete(key) ?? false;
  }

  /** A page of names behind `after`; few a page, as the services are free to give. */
  page(bucket: string, prefix: string, after: string): { readonly keys: string[]; readonly next: string | null } {
    const all = [...(this.#buckets.get(bucket)?.keys() ?? [])]
      .filter(
        (key) => key.startsWith(prefix) && (after === '' || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0),
      )
      .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    const keys = all.slice(0, 5);
    return { keys, next: all.length > keys.length ? (keys.at(-1) ?? null) : null };
  }
}

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** MD5 as both services write it. */
export const md5Of = (body: Buffer): string => createHash('md5').update(body).digest('base64');

/** Answers the bytes of an object, or the part that is asked for. */
export function sendBytes(request: IncomingMessage, response: ServerResponse, object: StoredObject): void {
  const { body, headers } = object;
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!range) {
    response.writeHead(200, { ...headers, 'content-length': body.length }).end(request.method === 'HEAD' ? '' : body);
    return;
  }
  const start = Number(range[1]);
  const end = Math.min(range[2] === '' ? Number.POSITIVE_INFINITY : Number(range[2]), body.length - 1);
  const part = body.subarray(start, end + 1);
  const partial = { 'content-range': `bytes ${start}-${end}/${body.length}`, 'content-length': part.length };
  response.writeHead(206, { ...headers, ...partial }).end(part);
}

/** Serves in a worker thread, which holds the bytes, so that the tests' own memory can be measured; tells its port. */
export function serveInThread(answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>): void {
  const server: Server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.listen(0, '127.0.0.1', () => parentPort?.postMessage(server.address()));
}
