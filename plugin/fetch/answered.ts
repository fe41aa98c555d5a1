import { contentRange } from './body/resume.ts';
import { finalAnswer } from './cache/knownCopy.ts';
import type { Extra } from './follow/redirectChain.ts';
import type { Answer } from './http/headers.ts';
import { named } from './outcome/statusFailure.ts';
import { declaredBody, type Ending, NO_BODY } from './toAttempt.ts';

/** Past caches that answered for the server before. */
export function unconditional(): Extra {
  return { headers: { 'cache-control': 'no-cache' }, appliesTo: () => true };
}

/** What `check` ends with where the link works. */
export function checkedOnly(answer: Answer): Ending {
  const reason = `The link works: ${named(answer.status, answer.statusText)}. Only the head of the answer was read.`;
  return {
    kind: 'refused',
    code: 'checked-only',
    reason,
    answer: finalAnswer(answer),
    body: declaredBody(answer.headers),
  };
}

/** Names the service that was asked, where the answer itself named none. */
export function withService(ending: Ending, service: string): Ending {
  const body = ending.body ?? NO_BODY;
  return { ...ending, body: { ...body, service: body.service ?? service } };
}

/** A 206 nobody asked for that happens to hold everything. */
export function isWhole({ headers }: Answer): boolean {
  const range = contentRange(headers);
  return range !== null && range.start === 0 && range.total !== null && range.end === range.total - 1;
}

/** Gives an answer's body up; the ending takes its status. */
export function drop(answer: Answer, ending: Ending): Ending {
  answer.drop();
  return ending.status === undefined ? { ...ending, status: answer.status } : ending;
}
