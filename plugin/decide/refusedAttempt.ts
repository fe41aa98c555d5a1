import type { Attempt } from '../model/attempt.ts';
import { NO_BODY } from '../model/body.ts';
import { CODES, type Code } from '../model/status.ts';
import { redactUrl } from './redactUrl.ts';

/** What an archival comes to that we choose not to begin: no request was made. */
export function refusedAttempt(url: string, code: Code, reason: string): Attempt {
  const { transient, broken } = CODES[code];
  return {
    kind: 'refused',
    code,
    reason,
    transient,
    broken,
    url: redactUrl(url),
    retryAfterMs: null,
    status: null,
    finalUrl: null,
    redirects: [],
    moved: false,
    ...NO_BODY,
    validators: { etag: null, lastModified: null },
    freshUntil: null,
    answer: null,
    requests: 0,
    resumed: 0,
    lenient: false,
    wireBytes: 0,
    evidence: [],
    liar: false,
    ms: 0,
    stage: null,
  };
}
