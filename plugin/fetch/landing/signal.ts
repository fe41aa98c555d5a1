import type { Candidate } from './candidates.ts';
import type { PageContext } from './pageContext.ts';

/** One thing that speaks for (above 0) or against a link, in the units of log-odds. */
export interface Signal {
  readonly weight: number;
  readonly because: string;
}

/** Looks at one side of a link. Pure. */
export type Judge = (candidate: Candidate, context: PageContext) => readonly Signal[];

/** A signal of this weight. */
export const signal = (weight: number, because: string): Signal => ({ weight, because });
