import { ArchiverError, messageOf } from '../../errors.ts';
import { within } from '../../job/within.ts';

/** One thing that was tried. */
export interface ConnectionCheck {
  readonly name:
    | 'settings'
    | 'database'
    | 'clock'
    | 'rights'
    | 'tables'
    | 'queue'
    | 'store'
    | 'private store'
    | 'mail'
    | 'name servers'
    | 'outgoing';
  readonly ok: boolean;
  /** What was found; where it is not ok, with the way out where that is known. */
  readonly detail: string;
}

/** What was found. */
export type Check = Omit<ConnectionCheck, 'name'>;

/** No service is waited for longer. */
export const ANSWER_MS = 15_000;

/** Runs a check: what throws, or does not answer, is one that is not ok. */
export async function attempt(name: ConnectionCheck['name'], check: () => Promise<Check>): Promise<ConnectionCheck> {
  try {
    return { name, ...(await within(ANSWER_MS, check())) };
  } catch (error) {
    return { name, ...bad(error instanceof ArchiverError ? error.message : messageOf(error)) };
  }
}

/** It is as it should be. */
export const fine = (detail: string): Check => ({ ok: true, detail });

/** It is not. */
export const bad = (detail: string): Check => ({ ok: false, detail });
