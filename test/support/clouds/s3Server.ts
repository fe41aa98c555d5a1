import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { Buckets, bodyOf, md5Of, sendBytes, serveInThread } from './objects.ts';

/**
 * The part of S3's API that a store needs, as its reference says it: conditional writes, multipart uploads with their
 * least part size, checksums, ranges, pages. https://docs.aws.amazon.com/AmazonS3/latest/API/
 */
const buckets = new Buckets();
const uploads = new Map<string, Upload>();

const LEAST_PART = 5 * 1024 * 1024;

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly initiated: string;
  readonly parts: Map<number, Buffer>;
}

interface Target {
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

serveInThread(async (request, response) => {
  try {
    await route(request, response);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, code } = error;
    if (request.method === 'HEAD') response.writeHead(status).end();
    else xml(response, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`, status);
  }
});

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) throw new Refusal(403, 'AccessDenied');
  const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://localhost');
  const [, bucket = '', rest = ''] = /^\/([^/]*)\/?(.*)$/.exec(pathname) ?? [];
  const target = { bucket, key: decodeURIComponent(rest), query };
  const body = await bodyOf(request);
  if (request.method === 'PUT' && target.key === '') {
    buckets.create(bucket);
    response.writeHead(200).end();
    return;
  }
  if (!buckets.has(bucket)) throw new Refusal(404, 'NoSuchBucket');
  checkDigests(request, body);
  if (target.key === '') return query.has('uploads') ? listUploads(response, target) : list(response, target);
  if (query.has('uploads')) return begin(request, response, target);
  if (query.has('uploadId')) return onUpload(request, response, target, body);
  onObject(request, response, target, body);
}

function onObject(request: IncomingMessage, response: ServerResponse, { bucket, key }: Target, body: Buffer): void {
  if (request.method === 'PUT') {
    checkAbsent(request, bucket, key);
    buckets.put(bucket, key, body, headersOf(request));
    response.writeHead(200, { etag: `"${hexOf(body)}"` }).end();
  } else if (request.method === 'DELETE') {
    buckets.remove(bucket, key);
    response.writeHead(204).end();
  } else {
    const object = buckets.get(bucket, key);
    if (!object) throw new Refusal(404, 'NoSuchKey');
    sendBytes(request, response, object);
  }
}

function begin(request: IncomingMessage, response: ServerResponse, { bucket, key }: Target): void {
  const id = randomBytes(16).toString('hex');
  const initiated = new Date().toISOString();
  uploads.set(id, { bucket, key, headers: headersOf(request), initiated, parts: new Map() });
  xml(response, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
}

function onUpload(request: IncomingMessage, response: ServerResponse, { query }: Target, body: Buffer): void {
  const id = query.get('uploadId') ?? '';
  const upload = uploads.get(id);
  if (!upload) throw new Refusal(404, 'NoSuchUpload');
  if (request.method === 'DELETE') {
    uploads.delete(id);
    response.writeHead(204).end();
  } else if (request.method === 'PUT') {
    upload.parts.set(Number(query.get('partNumber')), body);
    const checksum = request.headers['x-amz-checksum-crc32'];
    response
      .writeHead(200, { etag: `"${hexOf(body)}"`, ...(checksum ? { 'x-amz-checksum-crc32': checksum } : {}) })
      .end();
  } else {
    complete(request, upload, String(body));
    uploads.delete(id);
    xml(response, '<CompleteMultipartUploadResult><ETag>"made"</ETag></CompleteMultipartUploadResult>');
  }
}

function complete(request: IncomingMessage, { bucket, key, headers, parts }: Upload, named: string): void {
  checkAbsent(request, bucket, key);
  const wanted = [...named.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => part);
  const bodies = wanted.map((part) => {
    const body = parts.get(Number(/<PartNumber>(\d+)/.exec(part)?.[1]));
    if (!body || !part.includes(hexOf(body))) throw new Refusal(400, 'InvalidPart');
    return body;
  });
  if (bodies.slice(0, -1).some(({ length }) => length < LEAST_PART)) throw new Refusal(400, 'EntityTooSmall');
  buckets.put(bucket, key, Buffer.concat(bodies), headers);
}

function checkAbsent(request: IncomingMessage, bucket: string, key: string): void {
  if (request.headers['if-none-match'] === '*' && buckets.get(bucket, key))
    throw new Refusal(412, 'PreconditionFailed');
}

/** What the client says of its body must hold before anything is kept. */
function checkDigests(request: IncomingMessage, body: Buffer): void {
  const { 'x-amz-content-sha256': sha256, 'x-amz-checksum-crc32': checksum, 'content-md5': md5 } = request.headers;
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  if (checksum && checksum !== sum.toString('base64')) throw new Refusal(400, 'BadDigest');
  if (md5 && md5 !== md5Of(body)) throw new Refusal(400, 'BadDigest');
  const isSigned = /^[0-9a-f]{64}$/.test(String(sha256));
  if (isSigned && sha256 !== createHash('sha256').update(body).digest('hex')) {
    throw new Refusal(400, 'XAmzContentSHA256Mismatch');
  }
}

function list(response: ServerResponse, { bucket, query }: Target): void {
  const { keys, next } = buckets.page(bucket, query.get('prefix') ?? '', query.get('continuation-token') ?? '');
  const contents = keys.map((key) => `<Contents><Key>${escaped(key)}</Key></Contents>`).join('');
  const more = next === null ? '' : `<NextContinuationToken>${escaped(next)}</NextContinuationToken>`;
  const isTruncated = `<IsTruncated>${next !== null}</IsTruncated>`;
  xml(response, `<ListBucketResult>${isTruncated}${contents}${more}</ListBucketResult>`);
}

function listUploads(response: ServerResponse, { bucket, query }: Target): void {
  const prefix = query.get('prefix') ?? '';
  const found = [...uploads].filter(([, { bucket: own, key }]) => own === bucket && key.startsWith(prefix));
  const items = found.map(
    ([id, { key, initiated }]) =>
      `<Upload><Key>${escaped(key)}</Key><UploadId>${id}</UploadId><Initiated>${initiated}</Initiated></Upload>`,
  );
  xml(
    response,
    `<ListMultipartUploadsResult>${items.join('')}<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>`,
  );
}

/** What is kept beside the bytes and told again. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const kept = Object.entries(request.headers).filter(([name]) =>
    /^(content-(type|disposition)$|x-amz-meta-)/.test(name),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

const hexOf = (body: Buffer): string => createHash('md5').update(body).digest('hex');

const escaped = (text: string): string => text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);

function xml(response: ServerResponse, body: string, status = 200): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}
