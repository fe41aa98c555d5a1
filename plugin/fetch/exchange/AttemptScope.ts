import type { Config } from '../../settings/Config.ts';
import type { Failure } from '../outcome/failure.ts';
import type { Trace } from '../outcome/trace.ts';
import type { Deadlines } from './deadlines.ts';

/** The settings that one attempt obeys, apart from its deadlines. */
export type AttemptSettings = Pick<
  Config,
  | 'acceptLicences'
  | 'excludeHosts'
  | 'forms'
  | 'maxBytes'
  | 'maxDecodedRatio'
  | 'maxDecodeMs'
  | 'maxRedirects'
  | 'retryAfterMaxMs'
  | 'verifyShare'
>;

/** Which host the requests of an attempt have come to. */
export interface Visits {
  /** To be awaited before each request; the failure: that host has no place now. */
  moveTo(url: URL): Promise<Failure | null>;
}

/** What every request and every stage of one attempt shares; it is handed on whole. */
export interface AttemptScope {
  readonly settings: AttemptSettings;
  /** What the attempt did so far; each step adds to it. */
  readonly trace: Trace;
  readonly deadlines: Deadlines;
  readonly visits: Visits;
  /** Stops the attempt from outside: what is under way then comes to the code `internal`. */
  readonly signal: AbortSignal;
}
