import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CRC32C } from '@google-cloud/storage';
import { Buckets, bodyOf, md5Of, type StoredObject, sendBytes, serveInThread } from './objects.ts';

/**
 * The part of the JSON API of Cloud Storage that a store needs, as its reference says it: uploads (multipart, resumable),
 * preconditions, checksums, ranges, pages. https://cloud.google.com/storage/docs/json_api
 */
const buckets = new Buckets();
const sessions = new Map<string, Session>();

const CHUNK_UNIT = 256 * 1024;

interface Metadata {
  readonly contentType?: string;
  readonly md5Hash?: string;
  readonly crc32c?: string;
  readonly [name: string]: unknown;
}

interface Session {
  readonly bucket: string;
  readonly key: string;
  readonly metadata: Metadata;
  readonly createOnly: boolean;
  /** What is persisted, in order. */
  readonly chunks: Buffer[];
  made: StoredObject | null;
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

serveInThread(async (request, response) => {
  try {
    await route(request, response);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status: code, message } = error;
    send(response, code, { error: { code, message, errors: [{ message, reason: reasonOf(code) }] } });
  }
});

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'http://localhost');
  const [, bucket = '', rest = ''] = /^\/(?:upload\/)?storage\/v1\/b\/?([^/]*)(.*)$/.exec(url.pathname) ?? [];
  if (request.method === 'POST' && url.pathname === '/storage/v1/b') {
    const { name } = JSON.parse(String(await bodyOf(request)));
    buckets.create(name);
    return send(response, 200, { name });
  }
  if (!buckets.has(bucket)) throw new Refusal(404, 'The specified bucket does not exist.');
  if (url.pathname.startsWith('/upload/')) return upload(request, response, url, bucket);
  if (rest === '/iam/testPermissions')
    return send(response, 200, { permissions: url.searchParams.getAll('permissions') });
  if (rest === '/o') return list(response, url, bucket);
  return onObject(request, response, url, { bucket, key: decodeURIComponent(rest.slice('/o/'.length)) });
}

async function onObject(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  { bucket, key }: { readonly bucket: string; readonly key: string },
): Promise<void> {
  const object = buckets.get(bucket, key);
  if (!object) throw new Refusal(404, `No such object: ${bucket}/${key}`);
  if (request.method === 'DELETE') {
    const wanted = url.searchParams.get('ifGenerationMatch');
    if (wanted !== null && Number(wanted) !== object.generation) throw new Refusal(412, 'conditionNotMet');
    buckets.remove(bucket, key);
    response.writeHead(204).end();
    return;
  }
  if (url.searchParams.get('alt') !== 'media') return send(response, 200, resourceOf(bucket, key, object));
  const { crc32c, md5Hash } = metadataOf(object.headers);
  const hash = `crc32c=${crc32c},md5=${md5Hash}`;
  const headers = { 'content-type': 'application/octet-stream', 'x-goog-hash': hash };
  const stored = { 'x-goog-stored-content-encoding': 'identity', 'x-goog-generation': String(object.generation) };
  sendBytes(request, response, { ...object, headers: { ...headers, ...stored } });
}

function list(response: ServerResponse, url: URL, bucket: string): void {
  const { searchParams } = url;
  const { keys, next } = buckets.page(bucket, searchParams.get('prefix') ?? '', searchParams.get('pageToken') ?? '');
  const items = keys.flatMap((key) => {
    const object = buckets.get(bucket, key);
    return object ? [resourceOf(bucket, key, object)] : [];
  });
  send(response, 200, { kind: 'storage#objects', items, ...(next === null ? {} : { nextPageToken: next }) });
}

async function upload(request: IncomingMessage, response: ServerResponse, url: URL, bucket: string): Promise<void> {
  const { searchParams } = url;
  const body = await bodyOf(request);
  const id = searchParams.get('upload_id');
  if (id !== null) return onSession(request, response, id, body);
  const createOnly = searchParams.get('ifGenerationMatch') === '0';
  if (searchParams.get('uploadType') === 'multipart') {
    const { metadata, content } = partsOf(String(request.headers['content-type']), body);
    const key = searchParams.get('name') ?? String(metadata['name']);
    return send(
      response,
      200,
      resourceOf(bucket, key, create({ bucket, key, metadata, createOnly }, content, metadata)),
    );
  }
  if (searchParams.get('uploadType') !== 'resumable') throw new Refusal(400, 'This upload type is not emulated.');
  const key = searchParams.get('name') ?? '';
  if (createOnly && buckets.get(bucket, key)) throw new Refusal(412, 'conditionNotMet');
  const contentType = request.headers['x-upload-content-type'];
  const metadata: Metadata = { ...JSON.parse(String(body) || '{}'), ...(contentType ? { contentType } : {}) };
  const uploadId = randomBytes(16).toString('hex');
  sessions.set(uploadId, { bucket, key, metadata, createOnly, chunks: [], made: null });
  const location = `http://${request.headers.host}${url.pathname}?uploadType=resumable&upload_id=${uploadId}`;
  response.writeHead(200, { location }).end();
}

/** A chunk, or the question how far a session got; what was persisted already is ignored. */
async function onSession(request: IncomingMessage, response: ServerResponse, id: string, body: Buffer): Promise<void> {
  const session = sessions.get(id);
  if (!session) throw new Refusal(404, 'The session is not known.');
  if (session.made) return send(response, 200, resourceOf(session.bucket, session.key, session.made));
  const [, first, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(String(request.headers['content-range'])) ?? [];
  if (first !== undefined) append(session, Number(first), body, total === '*');
  const persisted = lengthOf(session);
  if (total === undefined || total === '*' || Number(total) !== persisted) {
    const range = persisted > 0 ? { range: `bytes=0-${persisted - 1}` } : {};
    response.writeHead(308, range).end();
    return;
  }
  const named = new Map(
    String(request.headers['x-goog-hash'] ?? '')
      .split(',')
      .map((hash) => splitOnce(hash)),
  );
  session.made = create(session, Buffer.concat(session.chunks), {
    md5Hash: named.get('md5'),
    crc32c: named.get('crc32c'),
  });
  send(response, 200, resourceOf(session.bucket, session.key, session.made));
}

function append(session: Session, first: number, body: Buffer, isMoreToCome: boolean): void {
  const persisted = lengthOf(session);
  if (first > persisted) throw new Refusal(503, 'The upload offset exceeds the uploaded size.');
  if (isMoreToCome && body.length % CHUNK_UNIT !== 0) throw new Refusal(400, 'A chunk is no multiple of 256 KiB.');
  session.chunks.push(body.subarray(persisted - first));
}

const lengthOf = ({ chunks }: Session): number => chunks.reduce((sum, { length }) => sum + length, 0);

/** The object is made where preconditions and checksums hold, and not at all otherwise. */
function create(
  { bucket, key, metadata, createOnly }: Pick<Session, 'bucket' | 'key' | 'metadata' | 'createOnly'>,
  body: Buffer,
  wanted: { readonly md5Hash?: string | undefined; readonly crc32c?: string | undefined },
): StoredObject {
  if (createOnly && buckets.get(bucket, key)) throw new Refusal(412, 'conditionNotMet');
  const hashes = { md5Hash: md5Of(body), crc32c: crc32cOf(body) };
  if (wanted.md5Hash && wanted.md5Hash !== hashes.md5Hash) throw new Refusal(400, 'Provided MD5 hash does not match.');
  if (wanted.crc32c && wanted.crc32c !== hashes.crc32c) throw new Refusal(400, 'Provided CRC32C does not match.');
  return buckets.put(bucket, key, body, { metadata: JSON.stringify({ ...metadata, ...hashes }) });
}

function resourceOf(bucket: string, name: string, { body, headers, generation }: StoredObject) {
  const size = String(body.length);
  return { ...metadataOf(headers), kind: 'storage#object', bucket, name, generation: String(generation), size };
}

const metadataOf = (headers: StoredObject['headers']): Metadata => JSON.parse(headers['metadata'] ?? '{}');

/** multipart/related: the resource as JSON, then the bytes. */
function partsOf(contentType: string, body: Buffer): { readonly metadata: Metadata; readonly content: Buffer } {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1] ?? '';
  const first = body.indexOf('\r\n\r\n') + 4;
  const second = body.indexOf(`\r\n--${boundary}`, first);
  const start = body.indexOf('\r\n\r\n', second) + 4;
  const end = body.lastIndexOf(`\r\n--${boundary}--`);
  return { metadata: JSON.parse(String(body.subarray(first, second))), content: body.subarray(start, end) };
}

function crc32cOf(body: Buffer): string {
  const crc32c = new CRC32C();
  crc32c.update(body);
  return String(crc32c);
}

const splitOnce = (text: string): [string, string] => {
  const at = text.indexOf('=');
  return [text.slice(0, at).trim(), text.slice(at + 1)];
};

const reasonOf = (status: number): string =>
  status === 412 ? 'conditionNotMet' : status === 404 ? 'notFound' : 'invalid';

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
