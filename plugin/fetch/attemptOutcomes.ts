import { finalResponse } from './cache/knownCopy.ts';
import type { HttpResponse } from './exchange/Response.ts';
import { rateLimitWaitMs, retryAfterMs } from './http/retryAfter.ts';
import { failure } from './outcome/failure.ts';
import { declaredBody, type Outcome, outcomeOf } from './outcome/outcome.ts';
import { statusFailure, statusLineText } from './outcome/statusFailure.ts';

/** What a 204 or 205 comes to. */
export function noContent({ status, statusText }: HttpResponse): Outcome {
  return outcomeOf(failure('empty', `The server answered ${statusLineText(status, statusText)}.`));
}

/** What `check` comes to where the link works. */
export function checkedOnly(response: HttpResponse): Outcome {
  const said = statusLineText(response.status, response.statusText);
  const reason = `The link works: ${said}. Only the head of the answer was read.`;
  const body = declaredBody(response.headers);
  return { kind: 'refused', code: 'checked-only', reason, response: finalResponse(response), body };
}

/** Names the service that was asked, where the body itself named none. */
export function withService(outcome: Outcome, service: string): Outcome {
  if (outcome.kind !== 'fetched' || !outcome.body) return outcome;
  return { ...outcome, body: { ...outcome.body, service: outcome.body.service ?? service } };
}

/** Gives a response's body up; the outcome takes its status, unless it has one. */
export function dropped(response: HttpResponse, outcome: Outcome): Outcome {
  response.drop();
  return outcome.status === undefined ? { ...outcome, status: response.status } : outcome;
}

/** What a status that is no success comes to; a wait that the server asks for is at most so long. */
export function failedStatus(response: HttpResponse, retryAfterMaxMs: number): Outcome {
  const { status, statusText, headers } = response;
  const reason =
    status === 206
      ? failure(
          'http-error',
          `The server answered ${statusLineText(status, statusText)}, a part that nobody asked for.`,
          false,
        )
      : statusFailure(response);
  const wait = reason.code === 'rate-limited' ? rateLimitWaitMs : retryAfterMs;
  return outcomeOf(reason, { status, retryAfterMs: wait(headers, Date.now(), retryAfterMaxMs) });
}

/** Nothing where there was a file: a server that writes it anew says the same, so it may pass. */
export function emptyInPlaceOfCopy(outcome: Outcome): Outcome {
  const reason = `${outcome.reason} There was a file before, so this may pass.`;
  return { ...outcome, ...failure('empty', reason, true) };
}
