import { pipeline } from 'node:stream/promises';
import { create as contentDisposition } from 'content-disposition';
import type { Request, Response } from 'express';
import { ArchiverError } from '../errors.ts';
import type { Copy } from '../model/copy.ts';
import type { ByteRange } from '../store/ArchiveStore.ts';
import { requireVisible } from './access.ts';
import { byteRangeOf } from './byteRange.ts';
import { etagOf, isRangeOf, isUnchanged, isWanted } from './conditions.ts';
import type { HandlerDeps } from './HandlerDeps.ts';

/** Types that a browser would run or render with scripts; such bytes are served as bytes. */
const ACTIVE = /html|xml|svg|javascript|ecmascript|xsl|pdf|shockwave|x-msdownload|^image\/svg|^multipart\//i;

/** The bytes of a copy, as an attachment that can never run in the portal's origin. */
export async function readCopy(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const key = `archive/${[request.params['key']].flat().join('/')}`;
  // PostgreSQL knows no text with NUL in it.
  const copy = key.includes('\0') ? null : await deps.records.copies.findByKey(key);
  if (!copy) throw new ArchiverError('not-found', 'There is no such copy.');
  const { datasetId, resourceId } = copy;
  await requireVisible(deps, request, 'archive.download', { datasetId, resourceId }, 'such copy');
  const dataset = await deps.catalog.getDataset(datasetId);
  const isOpen = dataset !== null && !dataset.private;
  setHeaders(response, copy, { isOpen, isShared: isOpen && isAnonymous(request) });
  if (!isWanted(request, copy)) throw new ArchiverError('precondition-failed', 'The copy is not the one you expect.');
  if (isUnchanged(request, copy)) {
    response.status(304).end();
    return;
  }
  const range = rangeOf(request, copy);
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${copy.bytes}`);
    throw new ArchiverError('range-not-satisfiable', `The copy has ${copy.bytes} bytes.`);
  }
  await sendBytes(deps, request, response, copy, range);
}

async function sendBytes(
  deps: HandlerDeps,
  request: Request,
  response: Response,
  copy: Copy,
  range: ByteRange | null,
): Promise<void> {
  const length = range ? range.end - range.start + 1 : copy.bytes;
  const begin = () => {
    response.status(range ? 206 : 200).setHeader('Content-Length', length);
    if (range) response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${copy.bytes}`);
  };
  const missing = () => new ArchiverError('store-failed', `The bytes of ${copy.key} are missing.`);
  if (request.method === 'HEAD') {
    if ((await deps.store.size(copy.key)) === null) throw missing();
    begin();
    response.end();
    return;
  }
  const stored = await deps.store.read(copy.key, range);
  if (!stored) throw missing();
  begin();
  // A reader who leaves early is no error of ours.
  await pipeline(stored.stream, response).catch((error: unknown) => {
    if (!response.closed && !response.destroyed) throw error;
  });
}

interface Audience {
  /** The dataset is not private. */
  readonly isOpen: boolean;
  /** A shared cache may hand this answer to anybody. */
  readonly isShared: boolean;
}

function setHeaders(response: Response, copy: Copy, { isOpen, isShared }: Audience): void {
  const { mediaType, sha256, filename, storedAt, charset } = copy;
  const safeType = mediaType !== null && /^[\w.+-]+\/[\w.+-]+$/.test(mediaType) && !ACTIVE.test(mediaType);
  const withCharset =
    mediaType?.startsWith('text/') && charset !== null && /^[\w-]+$/.test(charset) ? `; charset=${charset}` : '';
  // Not through `type()`, which would add a character set of its own.
  response.setHeader('Content-Type', safeType ? `${mediaType}${withCharset}` : 'application/octet-stream');
  response.setHeader('Content-Disposition', contentDisposition(filename, { type: 'attachment' }));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Security-Policy', 'sandbox');
  response.setHeader('Cross-Origin-Resource-Policy', isOpen ? 'cross-origin' : 'same-origin');
  response.setHeader('Cache-Control', isShared ? 'public, max-age=31536000, immutable' : 'private, no-cache');
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', etagOf(copy));
  response.setHeader('Repr-Digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
  response.setHeader('Last-Modified', storedAt.toUTCString());
}

/** What somebody was shown for the credentials they gave is theirs alone, whatever the dataset says. */
function isAnonymous(request: Request): boolean {
  return request.get('authorization') === undefined && request.get('cookie') === undefined;
}

/** Only a GET asks for a part (RFC 9110 section 14.2). */
function rangeOf(request: Request, copy: Copy): ByteRange | null | 'unsatisfiable' {
  const header = request.get('range');
  if (header === undefined || request.method !== 'GET' || !isRangeOf(request, copy)) return null;
  return byteRangeOf(header, copy.bytes);
}
