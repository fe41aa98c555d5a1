import type { Outcome } from './outcome/outcome.ts';
import { formatByName } from './sniff/formats.ts';

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

/** The media type that a declared format names, to ask a server for; null where it names none, a page, or any bytes. */
export function mediaTypeToAskFor(declaredFormat: string | null): string | null {
  const declared = declaredFormat?.trim().toLowerCase() ?? '';
  const format = formatByName(declared);
  if (!format) return MEDIA_TYPE.test(declared) ? declared : null;
  return format.kind === 'html' || format.mediaType === 'application/octet-stream' ? null : format.mediaType;
}

/** Nothing of the declared kind: not there, not acceptable, or a page. */
export function isWorthNegotiating({ code, status, body }: Outcome): boolean {
  const isPage = code === 'not-data' && /html/.test(body?.mediaType ?? '');
  return isPage || (code === 'gone' && status === 404) || (code === 'http-error' && status === 406);
}

/** Whether an answer is what was asked for. */
export function isFound({ kind, code }: Outcome): boolean {
  return kind === 'fetched' || kind === 'unchanged' || code === 'checked-only';
}
