import type { Attempt, Known } from '../model/attempt.ts';
import type { Copy } from '../model/copy.ts';
import type { Resource } from '../model/resource.ts';
import type { UnrecordedCopy } from '../model/unrecordedCopy.ts';
import type { WriteBack } from '../model/writeBack.ts';
import { copyUrl } from './copyUrl.ts';
import { redactUrl } from './redactUrl.ts';

/** A copy before it has a row. */
export type NewCopy = Omit<Copy, 'id'>;

/**
 * The copy that an attempt makes: its new bytes, or those of a worker that died, which this attempt proved to be the
 * same. null when it makes none.
 */
export function copyOf(
  attempt: Attempt,
  unrecorded: UnrecordedCopy | null,
  resource: Resource,
  at: Date,
): NewCopy | null {
  const { bytes, md5, sha256, mediaType, format, charset, validators, stage } = attempt;
  const key = unrecorded !== null && attempt.code === 'same-hash' ? unrecorded.key : stage?.key;
  if (key === undefined || bytes === null || md5 === null || sha256 === null) return null;
  return {
    key,
    bytes,
    md5,
    sha256,
    mediaType,
    format,
    charset,
    filename: key.slice(key.lastIndexOf('/') + 1),
    resourceId: resource.id,
    datasetId: resource.datasetId,
    url: attempt.url,
    finalUrl: attempt.finalUrl ?? attempt.url,
    etag: validators.etag,
    lastModified: validators.lastModified,
    storedAt: at,
    partial: attempt.partial === true,
  };
}

/** Bytes that a dead worker stored, as a copy of their own: nothing is known of the answer that brought them. */
export function recoveredCopyOf(unrecorded: UnrecordedCopy, resource: Resource, at: Date): NewCopy {
  const url = redactUrl(resource.url);
  const unknown = { mediaType: null, format: null, charset: null, etag: null, lastModified: null, partial: false };
  const { id: resourceId, datasetId } = resource;
  return { ...unrecorded, ...unknown, resourceId, datasetId, url, finalUrl: url, storedAt: at };
}

/** What a fetch may compare with when bytes of a dead worker are there: their digests, no validators. */
export function knownFromUnrecorded(unrecorded: UnrecordedCopy, url: string, at: Date): Known {
  const { bytes, md5, sha256 } = unrecorded;
  return { url, storedAt: at.toISOString(), status: 200, headers: {}, bytes, md5, sha256, ok: true };
}

/** What is known of the link still holds when the store has lost the copy; nothing may be spared by it. */
export function knownWithoutCopy(known: Known | null): Known | null {
  return known && { ...known, bytes: null, md5: null, sha256: null, ok: false };
}

/** `cache_url` and its date only with a copy; a refusal still reports the size and type that the server declared. */
export function writeBackOf(
  attempt: Attempt,
  copy: NewCopy | null,
  resource: Resource,
  copiesUrl: string,
): WriteBack | null {
  if (copy) {
    return {
      resourceId: resource.id,
      cacheUrl: copyUrl(copiesUrl, copy.key),
      cacheLastUpdated: copy.storedAt,
      hash: `md5:${copy.md5}`,
      size: copy.bytes,
      mimetype: copy.mediaType,
    };
  }
  if (attempt.kind !== 'refused' || (attempt.bytes === null && attempt.mediaType === null)) return null;
  const { bytes: size, mediaType: mimetype } = attempt;
  return { resourceId: resource.id, cacheUrl: null, cacheLastUpdated: null, hash: null, size, mimetype };
}
