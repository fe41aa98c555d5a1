import { CODES, type Code } from '../../model/status.ts';

/** Why one request, or the body behind it, came to nothing. A value, never thrown. */
export interface Failure {
  readonly code: Code;
  /** A sentence for people, without credentials. */
  readonly reason: string;
  readonly transient: boolean;
  readonly broken: boolean | null;
  /** Addresses and ports, for the operator's log alone. */
  readonly detail?: string;
}

/** A failure with its code's usual meaning; `transient` where this one is known to be so, or not to be. */
export function failure(code: Code, reason: string, transient: boolean = CODES[code].transient): Failure {
  const usual = CODES[code];
  const broken = transient === usual.transient ? usual.broken : transient ? null : true;
  return { code, reason, transient, broken };
}
