import type { FetchRequest, Known } from '../model/attempt.ts';
import { stillFreshUntil } from './cache/freshness.ts';
import { holdsCopyOf } from './cache/knownCopy.ts';
import { lowerCased } from './http/headers.ts';
import type { FreshnessSettings } from './toAttempt.ts';

/** Whether a sweep need not ask. */
export function mayBeSpared({ known, mode, url, now }: FetchRequest, settings: FreshnessSettings): boolean {
  return mode === 'sweep' && known !== null && sparedUntil(known, { url, now }, settings) !== null;
}

/**
 * Until when the copy of this URL stands for the file without a request, by what its server said of it; null: it has to be asked
 * for. `now`: epoch milliseconds.
 */
export function sparedUntil(
  known: Known,
  { url, now }: Pick<FetchRequest, 'url' | 'now'>,
  settings: FreshnessSettings,
): Date | null {
  return holdsCopyOf(known, url) ? stillFreshUntil(withLowerCasedNames(known), now, settings) : null;
}

/** Header names of a copy that another archiver recorded may be in any case. */
export function withLowerCasedHeaders(request: FetchRequest): FetchRequest {
  const { known } = request;
  const readable = known && withLowerCasedNames(known);
  return readable === known ? request : { ...request, known: readable };
}

function withLowerCasedNames(known: Known): Known {
  const headers = lowerCased(known.headers);
  return headers === known.headers ? known : { ...known, headers };
}
