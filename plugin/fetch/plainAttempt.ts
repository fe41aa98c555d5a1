import { plainText, storableText } from '../decide/plainText.ts';
import type { Acceptance } from '../model/acceptance.ts';
import type { Attempt, HeaderMap } from '../model/attempt.ts';
import type { DataLink } from '../model/dataLink.ts';

/** Code points. */
const SENTENCE = 1000;
const WORD = 255;
const URL_LENGTH = 16_384;
/** Above what one answer may have in its head altogether. */
const FIELD = 1_048_576;
const LICENCE = 65_536;
const MOST_EVIDENCE = 100;

const sentence = (text: string): string => plainText(text, SENTENCE);
const urlText = (text: string): string => plainText(text, URL_LENGTH);
const word = (text: string | null): string | null => (text === null ? null : plainText(text, WORD));
/** Sent back to the server as it came, so no character of it is changed but those that no database takes. */
const field = (text: string): string => storableText(text, FIELD);
const fieldOrNull = (text: string | null): string | null => (text === null ? null : field(text));

/**
 * The border of the fetcher: every text of an attempt is well-formed, bounded, on one line and turns
 * nothing around it. The name of the stage is ours and stays.
 */
export function plainAttempt(attempt: Attempt): Attempt {
  const { finalUrl, detail, answer, validators, links, accepted } = attempt;
  return {
    ...attempt,
    reason: sentence(attempt.reason),
    detail: detail ? sentence(detail) : null,
    url: urlText(attempt.url),
    finalUrl: finalUrl === null ? null : urlText(finalUrl),
    redirects: attempt.redirects.map(({ status, from, to }) => ({ status, from: urlText(from), to: urlText(to) })),
    mediaType: word(attempt.mediaType),
    format: word(attempt.format),
    charset: word(attempt.charset),
    filename: word(attempt.filename),
    service: word(attempt.service),
    evidence: attempt.evidence.slice(0, MOST_EVIDENCE).map(sentence),
    validators: { etag: fieldOrNull(validators.etag), lastModified: fieldOrNull(validators.lastModified) },
    answer: answer && { status: answer.status, headers: plainHeaders(answer.headers) },
    ...(links && { links: links.map(plainLink) }),
    ...(accepted && { accepted: accepted.map(plainAcceptance) }),
  };
}

function plainHeaders(headers: HeaderMap): HeaderMap {
  if (isPlain(headers)) return headers;
  const plain: Record<string, string | readonly string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined) plain[field(name)] = typeof value === 'string' ? field(value) : value.map(field);
  }
  return plain;
}

/** As nearly all are: they are passed on, not copied. */
function isPlain(headers: HeaderMap): boolean {
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value !== 'string' || field(name) !== name || field(value) !== value) return false;
  }
  return true;
}

function plainLink(link: DataLink): DataLink {
  return { ...link, url: urlText(link.url), format: word(link.format), evidence: link.evidence.map(sentence) };
}

/** Its text stays what its digest is of, as far as it can be stored. */
function plainAcceptance(acceptance: Acceptance): Acceptance {
  const { url, rule, text } = acceptance;
  return { ...acceptance, url: urlText(url), rule: sentence(rule), text: storableText(text, LICENCE) };
}
