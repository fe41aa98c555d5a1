import { redactUrl } from '../decide/redactUrl.ts';
import type { Attempt, FetchRequest } from '../model/attempt.ts';
import { NO_BODY } from '../model/body.ts';
import { CODES } from '../model/status.ts';
import type { Config } from '../settings/Config.ts';
import { storedHeaders } from './cache/conditions.ts';
import { freshUntil } from './cache/freshness.ts';
import { firstField } from './http/headers.ts';
import type { Outcome } from './outcome/outcome.ts';
import type { Trace } from './outcome/trace.ts';
import { plainAttempt } from './plainAttempt.ts';

/** The ceilings of freshness, in milliseconds. */
export type FreshnessSettings = Pick<Config, 'maxFreshnessMs' | 'maxHeuristicFreshnessMs'>;

/** The plain data that an outcome and what led to it come to; credentials of the link are left out. */
export function toAttempt(request: FetchRequest, trace: Trace, outcome: Outcome, settings: FreshnessSettings): Attempt {
  const { response = null, body = NO_BODY } = outcome;
  const ofFile = outcome.kind === 'fetched' || outcome.kind === 'unchanged' || outcome.code === 'checked-only';
  const fresh = response && ofFile ? freshUntil(response, freshSince(request, outcome), settings) : null;
  const { bytes, md5, sha256, mediaType, format, charset, filename, service } = body;
  return plainAttempt({
    kind: outcome.kind,
    code: outcome.code,
    reason: outcome.reason,
    detail: outcome.detail ?? null,
    transient: outcome.transient ?? CODES[outcome.code].transient,
    broken: outcome.broken === undefined ? CODES[outcome.code].broken : outcome.broken,
    retryAfterMs: outcome.retryAfterMs ?? null,
    url: hidden(request.url),
    status: outcome.status === undefined ? (response?.status ?? null) : outcome.status,
    finalUrl: trace.finalUrl,
    redirects: [...trace.redirects],
    moved: trace.redirects.length > 0 && trace.permanent,
    bytes,
    md5,
    sha256,
    mediaType,
    format,
    charset,
    filename,
    validators: {
      etag: response ? firstField(response.headers, 'etag') : null,
      lastModified: response ? firstField(response.headers, 'last-modified') : null,
    },
    freshUntil: fresh?.until?.toISOString() ?? null,
    answer: response && { status: response.status, headers: storedHeaders(response.headers) },
    requests: trace.requests,
    resumed: trace.resumed,
    lenient: trace.lenient,
    wireBytes: trace.wireBytes,
    evidence: fresh ? [...trace.evidence, fresh.reason] : [...trace.evidence],
    service,
    liar: trace.falselyUnchanged,
    ms: Math.round(performance.now() - trace.startedAt),
    stage: outcome.stage ?? null,
    firstByteMs: trace.firstByteMs,
    ...marksOf(outcome),
    ...elsewhereOf(trace, ofFile),
  });
}

/** What few attempts have. */
function marksOf({ links, accepted, doubted, wrongDigests, suspect, partial }: Outcome): Partial<Attempt> {
  return {
    ...(links && { links }),
    ...(accepted && { accepted }),
    ...(doubted && { doubted }),
    ...(wrongDigests && { wrongDigests }),
    ...(suspect && { suspect }),
    ...(partial && { partial }),
  };
}

/** What came is kept, although something else was put off on the way. */
function elsewhereOf({ elsewhere, deferredMs }: Trace, isFile: boolean): Pick<Attempt, 'elsewhere' | 'deferredMs'> {
  return {
    ...(elsewhere.requests > 0 && { elsewhere: { ...elsewhere } }),
    ...(deferredMs !== null && !isFile && { deferredMs }),
  };
}

/** Without a request nothing was updated: freshness still counts from when the copy was confirmed. */
function freshSince(request: FetchRequest, outcome: Outcome): number {
  if (outcome.code !== 'still-fresh' || !request.known) return request.now;
  return Date.parse(request.known.storedAt);
}

/** Credentials in a link are used, not repeated, also where the link is too broken to use them; else it is as it came. */
function hidden(url: string): string {
  const address = /^\s*(mailto|sip|xmpp|acct|news):/i.test(url);
  return !address && url.includes('@') ? redactUrl(url) : url;
}
