import type { Redirect } from '../../model/attempt.ts';

/** What one attempt did so far: each step adds to it, and {@link Attempt} is made of it. */
export class Trace {
  readonly startedAt = performance.now();
  readonly redirects: Redirect[] = [];
  readonly evidence: string[] = [];
  /** Every redirect on the way was permanent. */
  permanent = true;
  requests = 0;
  resumed = 0;
  lenient = false;
  wireBytes = 0;
  /** The server said that the file was unchanged, and it was not. */
  falselyUnchanged = false;
  finalUrl: string | null = null;
  /** From the last request to the head of its answer; null: none came. */
  firstByteMs: number | null = null;
  /** As of {@link Attempt}, so far. */
  readonly elsewhere = { requests: 0, wireBytes: 0, ended: false };
  /** A host where the link leads had no place: when to come again. */
  deferredMs: number | null = null;
}
