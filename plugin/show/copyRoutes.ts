import { create as contentDisposition } from 'content-disposition';
import type { Request, Response } from 'express';
import { ArchiverError } from '../errors.ts';
import type { Copy } from '../model/copy.ts';
import type { ByteRange } from '../store/ArchiveStore.ts';
import { may, requireVisible, type Subject } from './access.ts';
import { anonymousRequest } from './anonymousRequest.ts';
import { byteRangeOf } from './byteRange.ts';
import { etagOf, isRangeOf, isUnchanged, isWanted } from './conditions.ts';
import { describeDataset } from './datasets.ts';
import type { HandlerDeps } from './HandlerDeps.ts';
import { sendStream } from './sendStream.ts';
import { servedType } from './servedType.ts';

/** The bytes of a copy, as an attachment that can never run in the portal's origin. */
export async function readCopy(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const key = `archive/${[request.params['key']].flat().join('/')}`;
  const copy = await deps.records.copies.findByKey(key);
  if (!copy) throw new ArchiverError('not-found', 'There is no such copy.');
  const subject = await subjectOf(deps, copy);
  await requireVisible(deps, request, 'archive.download', subject, 'such copy');
  setHeaders(response, copy, (await isPublic(deps, request, subject)) ? deps.copyMaxAgeMs : null);
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
  const missing = () => new ArchiverError('not-found', 'The bytes of this copy are missing in the store.');
  if (request.method === 'HEAD') {
    if ((await deps.store.size(copy.key)) === null) throw missing();
    begin();
    response.end();
    return;
  }
  const stored = await deps.store.read(copy.key, range);
  if (!stored) throw missing();
  begin();
  const result = await sendStream(stored.stream, response, deps.readerLimits);
  if (result === 'too-slow')
    deps.logger.warn({ key: copy.key, resourceId: copy.resourceId }, 'a reader of a copy was too slow and was cut off');
}

/** A copy follows its resource to the dataset that it is in now; of one that left the portal the last one counts. */
async function subjectOf({ catalog }: HandlerDeps, { resourceId, datasetId }: Copy): Promise<Subject> {
  const resource = await catalog.getResource(resourceId);
  return { resourceId, datasetId: resource?.datasetId ?? datasetId };
}

/** Whether a cache may hand it to anybody: the dataset is public, and the portal lets in who shows no credentials at all. */
async function isPublic(deps: HandlerDeps, request: Request, subject: Subject): Promise<boolean> {
  const dataset = subject.datasetId === null ? null : await describeDataset(deps.catalog, subject.datasetId);
  if (dataset === null || dataset.private) return false;
  return may(deps, anonymousRequest(request), 'archive.download', subject);
}

/** `maxAgeMs`: how long anybody may keep it; null: it is for the caller alone, and for now. */
function setHeaders(response: Response, copy: Copy, maxAgeMs: number | null): void {
  const { sha256, filename, storedAt } = copy;
  const isShared = maxAgeMs !== null;
  // Not through `type()`, which would add a character set of its own.
  response.setHeader('Content-Type', servedType(copy));
  response.setHeader('Content-Disposition', contentDisposition(filename, { type: 'attachment' }));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Security-Policy', 'sandbox');
  response.setHeader('Cross-Origin-Resource-Policy', isShared ? 'cross-origin' : 'same-origin');
  response.setHeader(
    'Cache-Control',
    isShared ? `public, max-age=${Math.floor(maxAgeMs / 1000)}` : 'private, no-store',
  );
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', etagOf(copy));
  response.setHeader('Repr-Digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
  response.setHeader('Last-Modified', storedAt.toUTCString());
}

/** Only a GET asks for a part (RFC 9110 section 14.2). */
function rangeOf(request: Request, copy: Copy): ByteRange | null | 'unsatisfiable' {
  const header = request.get('range');
  if (header === undefined || request.method !== 'GET' || !isRangeOf(request, copy)) return null;
  return byteRangeOf(header, copy.bytes);
}
