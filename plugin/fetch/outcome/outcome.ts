import type { Attempt, HeaderMap } from '../../model/attempt.ts';
import { type Body, NO_BODY } from '../../model/body.ts';
import type { StageRef } from '../../model/stage.ts';
import { CODES } from '../../model/status.ts';
import { declaredLength, mediaTypeOf } from '../http/headers.ts';
import type { Failure } from './failure.ts';

/** The response that an outcome goes back to; with a 304 the stored one with its headers updated. */
export interface FinalResponse {
  readonly status: number;
  readonly headers: HeaderMap;
}

/** What is held against a body that was taken all the same; what is left out is not. */
export type BodyMarks = Pick<Attempt, 'wrongDigests' | 'suspect' | 'partial'>;

/** How an attempt ended, before it becomes an {@link Attempt}; what is left out has its code's usual meaning. */
export interface Outcome extends Pick<Attempt, 'kind' | 'code' | 'reason'>, BodyMarks {
  readonly transient?: boolean;
  readonly broken?: boolean | null;
  readonly retryAfterMs?: number | null;
  /** The status that was received; differs from `response.status` with a 304. */
  readonly status?: number | null;
  readonly response?: FinalResponse | null;
  readonly body?: Body;
  readonly stage?: StageRef | null;
  readonly detail?: string;
  /** As of {@link Attempt}. */
  readonly links?: Attempt['links'];
  readonly accepted?: Attempt['accepted'];
  readonly doubted?: Attempt['doubted'];
}

/** What a response's headers alone say of the body. */
export function declaredBody(headers: HeaderMap): Body {
  return { ...NO_BODY, bytes: declaredLength(headers), mediaType: mediaTypeOf(headers) };
}

/** The outcome that a failure means: what we chose not to archive is `refused`, all else `failed`. */
export function outcomeOf(reason: Failure, more: Omit<Outcome, 'kind' | 'code' | 'reason'> = {}): Outcome {
  return { kind: CODES[reason.code].refused ? 'refused' : 'failed', ...reason, ...more };
}
