import type { Known } from '../model/attempt.ts';
import type { WholeBody } from './body/Transfer.ts';
import { finalResponse, isKnown } from './cache/knownCopy.ts';
import type { HttpResponse } from './exchange/Response.ts';
import { pollWaitMs, stillPreparing } from './follow/polling.ts';
import { rateLimitWaitMs, retryAfterMs } from './http/retryAfter.ts';
import { type Failure, failure } from './outcome/failure.ts';
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

/** What a status that brings no file comes to; a wait that the server asks for is at most so long. */
export function refusedStatus(response: HttpResponse, wall: Failure | null, retryAfterMaxMs: number): Outcome {
  const { status, headers } = response;
  if (status === 202 && !wall) return stillPreparing(1, pollWaitMs(headers, retryAfterMaxMs));
  const reason = wall ?? failedStatus(response);
  const wait = reason.code === 'rate-limited' ? rateLimitWaitMs : retryAfterMs;
  const askedMs = status === 202 ? null : wait(headers, Date.now(), retryAfterMaxMs);
  return outcomeOf(reason, { status, retryAfterMs: askedMs });
}

function failedStatus(response: HttpResponse): Failure {
  const { status, statusText } = response;
  if (status !== 206) return statusFailure(response);
  const said = statusLineText(status, statusText);
  return failure('http-error', `The server answered ${said}, a part that nobody asked for.`, false);
}

/** Nothing where there was a file: a server that writes it again says the same, so it may pass. */
export function emptyInPlaceOfCopy(outcome: Outcome): Outcome {
  const reason = `${outcome.reason} There was a file before, so this may pass.`;
  return { ...outcome, ...failure('empty', reason, true) };
}

/** A body that came whole: new, or that of the copy. */
export function receivedOutcome({ response, body, stage, marks }: WholeBody, known: Known | null): Outcome {
  if (isKnown(known, body.bytes ?? -1, body)) {
    const reason = 'The file was read again and has the same hash as the copy.';
    return { kind: 'unchanged', code: 'same-hash', reason, response, body, ...marks };
  }
  const reason = `The file was archived: ${body.bytes} bytes${body.format === null ? '' : `, ${body.format}`}.`;
  return { kind: 'fetched', code: 'archived', reason, response, body, stage, ...marks };
}
