import { STATUS_CODES } from 'node:http';
import { type Failure, failure } from './failure.ts';

const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 500, 502, 503, 504]);

/** What a final status that is no success means; design section 4. */
export function statusFailure(status: number, phrase: string): Failure {
  const said = statusLineText(status, phrase);
  if (status === 404 || status === 410) return failure('gone', `The server says that there is no such file: ${said}.`);
  if (status === 401 || status === 403) return failure('forbidden', `The server does not let us in: ${said}.`);
  if (status === 429) return failure('rate-limited', `The server asks us to slow down: ${said}.`);
  return failure('http-error', `The server answered ${said}.`, TRANSIENT.has(status));
}

/** `404 Not Found`; the server's own phrase where it has one, without control characters and cut to 100 characters. */
export function statusLineText(status: number, phrase: string): string {
  const own = phrase
    .replace(/[^\x20-\x7e\xa0-\xff]/g, ' ')
    .trim()
    .slice(0, 100);
  const text = own === '' ? (STATUS_CODES[status] ?? '') : own;
  return text === '' ? String(status) : `${status} ${text}`;
}
