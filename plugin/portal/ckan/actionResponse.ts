import type { ApiResponse } from '../../model/apiExchange.ts';

/** What one call of an action came to. None of these is thrown. */
export type ActionResult =
  | { readonly kind: 'ok'; readonly result: unknown }
  /** The portal understood and says no: `type` is CKAN's `__type`, null where the body was a bare string. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly type: string | null;
      readonly message: string;
      readonly isTransient: boolean;
      readonly retryAfterMs: number | null;
    }
  /** No answer of the API at all: a page, a redirect, a broken connection. */
  | {
      readonly kind: 'unavailable';
      /** null: there was no HTTP answer. */
      readonly status: number | null;
      readonly code:
        | 'html'
        | 'redirect'
        | 'unreadable'
        | 'blocked'
        | 'unreachable'
        | 'timeout'
        | 'too-large'
        | 'stopped';
      readonly message: string;
      readonly isTransient: boolean;
      readonly retryAfterMs: number | null;
      readonly location: string | null;
    };

/** CKAN's own errors with 500 that pass when its search server is back; a write that met one was rolled back. */
const SEARCH_ERRORS: ReadonlySet<string> = new Set(['Search Connection Error', 'Search Index Error']);
/** The server, or what stands before it, was busy or away. */
const BUSY: ReadonlySet<number> = new Set([429, 503]);
const AWAY: ReadonlySet<number> = new Set([408, 425, 500, 502, 504]);
const LONGEST_MESSAGE = 500;

/**
 * Reads an answer of the Action API in each of its forms: the envelope, a bare JSON string (400: unknown action, bad
 * JSON), a page (a proxy, a firewall, CKAN's own 404 and 415), a redirect. Whether trying again may help depends on
 * whether it was a write: one that may have happened is not sent again.
 */
export function readActionResponse(response: ApiResponse, isWrite: boolean): ActionResult {
  if (response.kind === 'failed') return unanswered(response, isWrite);
  const { status, location, retryAfterMs } = response;
  const isTransient = BUSY.has(status) || (AWAY.has(status) && !isWrite);
  const unavailable = { kind: 'unavailable', status, isTransient, retryAfterMs, location } as const;
  if (status >= 300 && status < 400)
    return { ...unavailable, code: 'redirect', message: `it redirects (${status}) to ${location ?? 'nowhere'}` };
  const body = parsed(response.text);
  if (body === undefined) {
    const code = /html/.test(response.mediaType ?? '') || /^\s*</.test(response.text) ? 'html' : 'unreadable';
    const what = code === 'html' ? 'a web page' : 'no JSON';
    return { ...unavailable, code, message: `it answered ${status} with ${what}` };
  }
  if (typeof body === 'string')
    return { kind: 'refused', status, type: null, message: bounded(body), isTransient, retryAfterMs };
  const envelope = isRecord(body) ? body : {};
  if (envelope.success === true && 'result' in envelope && status < 300) return { kind: 'ok', result: envelope.result };
  if (!('error' in envelope))
    return { ...unavailable, code: 'unreadable', message: `it answered ${status} with JSON that is none of CKAN's` };
  return { kind: 'refused', status, retryAfterMs, ...errorOf(envelope.error, isTransient) };
}

function unanswered(response: ApiResponse & { kind: 'failed' }, isWrite: boolean): ActionResult {
  const { code, reason, sent } = response;
  const isTransient = (code === 'unreachable' || code === 'timeout') && (!isWrite || !sent);
  return { kind: 'unavailable', status: null, code, message: reason, isTransient, retryAfterMs: null, location: null };
}

/** `{"__type", "message"}`, or names of fields with what is wrong with each; a plain text on old portals. */
function errorOf(error: unknown, isTransient: boolean) {
  if (!isRecord(error)) return { type: null, message: bounded(String(error)), isTransient };
  const { __type, message, ...fields } = error;
  const type = typeof __type === 'string' ? __type : null;
  const parts = Object.entries(fields).map(([name, said]) => `${name}: ${textOf(said)}`);
  const text = [...(message === undefined ? [] : [textOf(message)]), ...parts].join('; ');
  return { type, message: bounded(text), isTransient: isTransient || (type !== null && SEARCH_ERRORS.has(type)) };
}

const textOf = (said: unknown): string =>
  typeof said === 'string' ? said : Array.isArray(said) ? said.map(textOf).join(', ') : JSON.stringify(said);

const bounded = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, LONGEST_MESSAGE);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Any JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
