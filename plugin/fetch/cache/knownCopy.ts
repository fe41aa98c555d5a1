import type { Known } from '../../model/attempt.ts';
import { declaredLength, mediaTypeOf } from '../http/headers.ts';
import { parseUrl } from '../http/parseUrl.ts';
import type { Body, FinalResponse, Outcome } from '../outcome/outcome.ts';
import { NO_BODY } from '../outcome/outcome.ts';
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

/** The ending of a 304: the stored answer with renewed headers, RFC 9111 section 4.3.4. */
export function notModified(known: Known, answer304: FinalResponse): Outcome {
  const response: FinalResponse = { status: known.status, headers: updatedHeaders(known.headers, answer304.headers) };
  const reason = 'The server says that the file has not changed: 304 Not Modified.';
  return { kind: 'unchanged', code: 'not-modified', reason, status: 304, response, body: knownBody(known) };
}

export function sameLength(known: Known, response: FinalResponse): Outcome {
  const reason = `The file has the same length (${declaredLength(response.headers)} bytes) and the same validator as the copy.`;
  const body = { ...knownBody(known), mediaType: mediaTypeOf(response.headers) ?? mediaTypeOf(known.headers) };
  return { kind: 'unchanged', code: 'same-length', reason, response: finalResponse(response), body };
}

export function stillFresh(known: Known): Outcome {
  return {
    kind: 'unchanged',
    code: 'still-fresh',
    reason: 'The copy is still fresh by what the server said of it; nothing was asked.',
    status: null,
    response: { status: known.status, headers: known.headers },
    body: knownBody(known),
  };
}

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
