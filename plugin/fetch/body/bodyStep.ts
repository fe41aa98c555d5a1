import type { Failure } from '../outcome/failure.ts';
import type { Classification } from './classify.ts';

/** Why a stage wants no more of a body. */
export interface Stop {
  readonly failure: Failure;
  /** What the body was found to be, when that is why; null when it is not. */
  readonly found: Classification | null;
  /** The size of the body, when all of it was seen. */
  readonly bytes: number | null;
}

/** What a stage answers to some of a body's bytes. */
export type Step = 'more' | Stop;

/** A step that may take its time: a promise holds the sender back until it is settled. */
export type Flow = Step | Promise<Step>;

/** Stops for a reason that is not what the body was found to be. */
export function stop(failure: Failure): Stop {
  return { failure, found: null, bytes: null };
}
