import type { Attempt, FetchRequest } from '../model/attempt.ts';
import { isFresh } from './cache/freshness.ts';
import { holdsCopyOf, stillFresh } from './cache/knownCopy.ts';
import { lowerCased } from './http/headers.ts';
import { Trace } from './outcome/trace.ts';
import { type FreshnessSettings, toAttempt } from './toAttempt.ts';

/** Whether a sweep need not ask: the copy is one of this URL, and fresh by what its server said. */
export function mayBeSpared({ known, mode, url, now }: FetchRequest, settings: FreshnessSettings): boolean {
  return mode === 'sweep' && known !== null && holdsCopyOf(known, url) && isFresh(known, now, settings);
}

/** The attempt that such a request comes to, in no time; null: it has to be made. */
export function freshAttempt(asked: FetchRequest, settings: FreshnessSettings): Attempt | null {
  const request = withLowerCasedHeaders(asked);
  if (!request.known || !mayBeSpared(request, settings)) return null;
  return toAttempt(request, new Trace(), stillFresh(request.known), settings);
}

/** Header names of a copy that another archiver recorded may be in any case. */
export function withLowerCasedHeaders(request: FetchRequest): FetchRequest {
  const { known } = request;
  const headers = known ? lowerCased(known.headers) : null;
  return known && headers && headers !== known.headers ? { ...request, known: { ...known, headers } } : request;
}
