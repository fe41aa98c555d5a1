import type { Attempt, FetchRequest, HeaderMap, Redirect } from '../model/attempt.ts';
import type { StageRef } from '../model/stage.ts';
import { CODES } from '../model/status.ts';
import type { Config } from '../settings/loadConfig.ts';
import { remembered } from './cache/conditions.ts';
import { freshUntil } from './cache/freshness.ts';
import { declaredLength, firstField, mediaTypeOf } from './http/headers.ts';
import { redactUrl } from './http/parseUrl.ts';

/** What one attempt did so far. */
export class Trace {
  readonly startedAt = performance.now();
  readonly redirects: Redirect[] = [];
  readonly evidence: string[] = [];
  /** Every redirect on the way was permanent. */
  permanent = true;
  requests = 0;
  resumed = 0;
  lenient = false;
  wireBytes = 0;
  liar = false;
  finalUrl: string | null = null;
}

/** The final answer that an ending goes back to; with a 304 the renewed headers of the stored answer. */
export interface FinalAnswer {
  readonly status: number;
  readonly headers: HeaderMap;
}

/** What the body turned out to be. */
export interface Body {
  readonly bytes: number | null;
  readonly md5: string | null;
  readonly sha256: string | null;
  readonly mediaType: string | null;
  readonly format: string | null;
  readonly charset: string | null;
  readonly filename: string | null;
  readonly service: string | null;
}

export const NO_BODY: Body = {
  bytes: null,
  md5: null,
  sha256: null,
  mediaType: null,
  format: null,
  charset: null,
  filename: null,
  service: null,
};

/** How an attempt ended, before it is written out as an {@link Attempt}. */
export interface Ending extends Pick<Attempt, 'kind' | 'code' | 'reason'> {
  readonly transient?: boolean;
  readonly broken?: boolean | null;
  readonly retryAfterMs?: number | null;
  /** The status that was received; differs from `answer.status` with a 304. */
  readonly status?: number | null;
  readonly answer?: FinalAnswer | null;
  readonly body?: Body;
  readonly stage?: StageRef | null;
  readonly detail?: string;
}

/** What an answer's head alone says of the body. */
export function declaredBody(headers: HeaderMap): Body {
  return { ...NO_BODY, bytes: declaredLength(headers), mediaType: mediaTypeOf(headers) };
}

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
