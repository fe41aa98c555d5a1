import { STILL_FRESH } from '../../decide/stillFresh.ts';
import type { Known } from '../../model/attempt.ts';
import { type Body, NO_BODY } from '../../model/body.ts';
import { declaredLength, mediaTypeOf } from '../http/headers.ts';
import { parseUrl } from '../http/parseUrl.ts';
import type { FinalResponse, Outcome } from '../outcome/outcome.ts';
import { updatedHeaders } from './conditions.ts';

/** Whether the known copy is one of this very URL (fragments and credentials apart), and still there. */
export function holdsCopyOf(known: Known, url: string): boolean {
  if (known.bytes === null) return false;
  if (known.url === url) return true;
  const [before, now] = [parseUrl(known.url), parseUrl(url)];
  return (
    before.kind === 'ok' && now.kind === 'ok' && withoutFragment(before.url.href) === withoutFragment(now.url.href)
  );
}

/** The URL that a request for it asks for. */
export function withoutFragment(href: string): string {
  return href.replace(/#.*$/s, '');
}

/** Whether bytes are those of the copy. */
export function isKnown(
  known: Known | null,
  bytes: number,
  hashes: { md5: string | null; sha256: string | null },
): boolean {
  if (!known || known.bytes === null) return false;
  if (known.sha256 !== null) return known.sha256.toLowerCase() === hashes.sha256;
  return known.md5 !== null && known.md5.toLowerCase() === hashes.md5 && known.bytes === bytes;
}

/** The outcome of a 304: the stored response with its headers updated, RFC 9111 section 4.3.4. */
export function notModified(known: Known, response304: FinalResponse): Outcome {
  const response: FinalResponse = { status: known.status, headers: updatedHeaders(known.headers, response304.headers) };
  const reason = 'The server says that the file has not changed: 304 Not Modified.';
  return { kind: 'unchanged', code: 'not-modified', reason, status: 304, response, body: knownBody(known) };
}

/** The outcome of a 200 whose headers are those of the copy; its body is not read. */
export function sameLength(known: Known, response: FinalResponse): Outcome {
  const reason = `The file has the same length (${declaredLength(response.headers)} bytes) and the same validator as the copy.`;
  const body = { ...knownBody(known), mediaType: mediaTypeOf(response.headers) ?? mediaTypeOf(known.headers) };
  return { kind: 'unchanged', code: 'same-length', reason, response: finalResponse(response), body };
}

/** The outcome without a request; there is no status then. */
export function stillFresh(known: Known): Outcome {
  return {
    kind: 'unchanged',
    code: 'still-fresh',
    reason: STILL_FRESH,
    status: null,
    response: { status: known.status, headers: known.headers },
    body: knownBody(known),
  };
}

/** What an outcome keeps of a response. */
export function finalResponse({ status, headers }: FinalResponse): FinalResponse {
  return { status, headers };
}

function knownBody(known: Known): Body {
  return {
    ...NO_BODY,
    bytes: known.bytes,
    md5: known.md5,
    sha256: known.sha256,
    mediaType: mediaTypeOf(known.headers),
  };
}
