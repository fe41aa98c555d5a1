import { redactUrl } from '../decide/redactUrl.ts';
import type { Attempt, FetchRequest } from '../model/attempt.ts';
import { CODES } from '../model/status.ts';
import type { Config } from '../settings/loadConfig.ts';
import { remembered } from './cache/conditions.ts';
import { freshUntil } from './cache/freshness.ts';
import { firstField } from './http/headers.ts';
import { type Ending, NO_BODY } from './outcome/outcome.ts';
import type { Trace } from './outcome/trace.ts';

export type FreshnessSettings = Pick<Config, 'maxFreshnessMs' | 'maxHeuristicFreshnessMs'>;

export function attemptOf(request: FetchRequest, trace: Trace, ending: Ending, settings: FreshnessSettings): Attempt {
  const { answer = null, body = NO_BODY } = ending;
  const ofFile = ending.kind === 'fetched' || ending.kind === 'unchanged' || ending.code === 'checked-only';
  const fresh = answer && ofFile ? freshUntil(answer, freshSince(request, ending), settings) : null;
  const { bytes, md5, sha256, mediaType, format, charset, filename, service } = body;
  return {
    kind: ending.kind,
    code: ending.code,
    reason: ending.reason,
    detail: ending.detail ?? null,
    transient: ending.transient ?? CODES[ending.code].transient,
    broken: ending.broken === undefined ? CODES[ending.code].broken : ending.broken,
    retryAfterMs: ending.retryAfterMs ?? null,
    url: hidden(request.url),
    status: ending.status === undefined ? (answer?.status ?? null) : ending.status,
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
      etag: answer ? firstField(answer.headers, 'etag') : null,
      lastModified: answer ? firstField(answer.headers, 'last-modified') : null,
    },
    freshUntil: fresh?.until?.toISOString() ?? null,
    answer: answer && { status: answer.status, headers: remembered(answer.headers) },
    requests: trace.requests,
    resumed: trace.resumed,
    lenient: trace.lenient,
    wireBytes: trace.wireBytes,
    evidence: fresh ? [...trace.evidence, fresh.why] : [...trace.evidence],
    service,
    liar: trace.liar,
    ms: Math.round(performance.now() - trace.startedAt),
    stage: ending.stage ?? null,
  };
}

/** Without a request nothing was renewed: freshness still counts from when the copy was confirmed. */
function freshSince(request: FetchRequest, ending: Ending): number {
  if (ending.code !== 'still-fresh' || !request.known) return request.now;
  return Date.parse(request.known.storedAt);
}

/** Credentials in a link are used, not repeated, also where the link is too broken to use them; else it is as it came. */
function hidden(url: string): string {
  const address = /^\s*(mailto|sip|xmpp|acct|news):/i.test(url);
  return !address && url.includes('@') ? redactUrl(url) : url;
}
