import type { HeaderMap, Known } from '../../model/attempt.ts';
import { codingOf, declaredLength, firstField } from '../http/headers.ts';
import { httpDate } from '../http/httpDate.ts';

const SENDABLE = /^[\t\x20-\x7e\x80-\xff]+$/;

/** An entity-tag that proves byte equality: RFC 9110 section 8.8.3. Unquoted ones are malformed, but count when they are not weak. */
export function isStrong(etag: string | null): etag is string {
  return etag !== null && etag !== '' && etag !== '""' && !/^w\//i.test(etag);
}

/**
 * The conditions of a recheck, RFC 9110 section 13.1: the entity-tag byte for byte and the date as the server wrote it.
 * Empty when nothing is known that could be sent.
 */
export function conditionsOf(known: Known): Record<string, string> {
  const conditions: Record<string, string> = {};
  const etag = firstField(known.headers, 'etag');
  const lastModified = dateValidator(known.headers);
  if (etag !== null && SENDABLE.test(etag)) conditions['if-none-match'] = etag;
  if (lastModified !== null && SENDABLE.test(lastModified)) conditions['if-modified-since'] = lastModified;
  return conditions;
}

/**
 * Whether a 304 can speak of the copy we hold (RFC 9111 section 4.3.4): no validator that it names is another than the stored
 * one. An equal strong entity-tag settles it; without one the date must agree too.
 */
export function confirms(known: Known, headers: HeaderMap): boolean {
  const [stored, answered] = [tagOf(known.headers), tagOf(headers)];
  if (answered !== null && stored !== null) {
    if (!isSameTag(stored, answered)) return false;
    if (isStrong(answered)) return true;
  }
  const [before, now] = [dateValidator(known.headers), dateValidator(headers)];
  return before === null || now === null || isSameDate(before, now);
}

/** null: none, or an empty one, which tells nothing apart. */
function tagOf(headers: HeaderMap): string | null {
  const etag = firstField(headers, 'etag');
  return etag === null || /^(?:w\/)?(?:"")?$/i.test(etag) ? null : etag;
}

/** The weak comparison of RFC 9110 section 8.8.3.2. A strong tag for a stored weak one is taken, a weak mark apart. */
function isSameTag(stored: string, answered: string): boolean {
  const opaque = (etag: string): string => etag.replace(/^w\//i, '');
  return opaque(stored) === opaque(answered);
}

/** Dates in two of the forms of an HTTP-date may be the same one. */
function isSameDate(stored: string, answered: string): boolean {
  if (stored === answered) return true;
  const now = Date.now();
  const at = httpDate(stored, now);
  return at !== null && at === httpDate(answered, now);
}

/** No file of the Web is older: such a date is the zero of some clock (1970, DOS's 1980, year 1) and the same for every file. */
const FIRST_DATE_MS = Date.UTC(1990, 0, 1);

/** The `Last-Modified` that a response can be told by, as the server wrote it; null: none, or the zero of a clock. */
function dateValidator(headers: HeaderMap): string | null {
  const lastModified = firstField(headers, 'last-modified');
  const at = httpDate(lastModified ?? '', Date.now());
  return at !== null && at < FIRST_DATE_MS ? null : lastModified;
}

/**
 * Whether an unconditional-looking 200 is so surely the copy we hold that its body need not be read: the same declared
 * length, and an equal strong entity-tag or an equal date that no entity-tag contradicts.
 */
export function sameByHeaders(known: Known, headers: HeaderMap): boolean {
  const declared = declaredLength(headers);
  if (declared === null || declared === 0 || known.bytes === null || !sameLength(known, headers, declared))
    return false;
  const [etag, knownEtag] = [firstField(headers, 'etag'), firstField(known.headers, 'etag')];
  if (isStrong(etag) && etag === knownEtag) return true;
  if (etag !== knownEtag && etag !== null && knownEtag !== null) return false;
  const lastModified = dateValidator(headers);
  return (
    lastModified !== null &&
    lastModified === firstField(known.headers, 'last-modified') &&
    httpDate(lastModified, Date.now()) !== null
  );
}

function sameLength(known: Known, headers: HeaderMap, declared: number): boolean {
  const coding = codingOf(headers);
  if (coding !== codingOf(known.headers)) return false;
  const before = declaredLength(known.headers);
  if (coding !== '') return before === declared;
  return known.bytes === declared && (before === null || before === declared);
}

/** RFC 9111 section 3.2: a 304 updates the stored fields, except those that describe a body, which it does not have. */
const NOT_UPDATED_BY_304: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'set-cookie',
]);

/** `Age` and `Date` tell when one response was made: those of the stored one say nothing of the 304. */
const PER_RESPONSE: ReadonlySet<string> = new Set(['age', 'date']);

/** The headers of the stored response after a 304: RFC 9111 section 4.3.4. */
export function updatedHeaders(stored: HeaderMap, from304: HeaderMap): HeaderMap {
  const updated: Record<string, string | readonly string[]> = {};
  copyFields(stored, PER_RESPONSE, updated);
  copyFields(from304, NOT_UPDATED_BY_304, updated);
  return updated;
}

function copyFields(
  from: HeaderMap,
  except: ReadonlySet<string>,
  to: Record<string, string | readonly string[]>,
): void {
  for (const name of Object.keys(from)) {
    const value = from[name];
    if (value !== undefined && name !== '__proto__' && !except.has(name)) to[name] = value;
  }
}

const STORED = [
  'age',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'pragma',
  'vary',
] as const;

/** What the next attempt needs of a response's headers. */
export function storedHeaders(headers: HeaderMap): HeaderMap {
  const kept: Record<string, string | readonly string[]> = {};
  for (const name of STORED) {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** Without `Date` our own clock tells when the response was sent (RFC 9110 section 6.6.1), which may be off by hours. */
const AGE_BY_OUR_CLOCK_MS = 24 * 60 * 60 * 1000;
const AGE_BY_ITS_CLOCK_MS = 60 * 1000;

/**
 * What a range request can be tied to: a strong entity-tag, else a date strong by RFC 9110 section 8.8.2.2 (the response
 * is at least a minute younger). null: a broken transfer cannot be continued safely.
 */
export function resumeValidator(headers: HeaderMap): string | null {
  const etag = firstField(headers, 'etag');
  if (isStrong(etag) && /^"[^"]*"$/.test(etag) && SENDABLE.test(etag)) return etag;
  if (etag !== null) return null;
  const lastModified = dateValidator(headers);
  const modifiedAt = httpDate(lastModified ?? '', Date.now());
  if (lastModified === null || modifiedAt === null || !SENDABLE.test(lastModified)) return null;
  const sentAt = httpDate(firstField(headers, 'date') ?? '', Date.now());
  const strong =
    sentAt === null ? Date.now() - modifiedAt >= AGE_BY_OUR_CLOCK_MS : sentAt - modifiedAt >= AGE_BY_ITS_CLOCK_MS;
  return strong ? lastModified : null;
}
