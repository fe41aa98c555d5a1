import { CODES } from '../../model/status.ts';
import type { Ending } from '../toAttempt.ts';
import type { Failure } from './failure.ts';

/** The ending that a failure means: what we chose not to do is `refused`, all else `failed`. */
export function endingOf(reason: Failure, more: Omit<Ending, 'kind' | 'code' | 'reason'> = {}): Ending {
  const ours = CODES[reason.code].status === 'Chose not to download';
  return { kind: ours ? 'refused' : 'failed', ...reason, ...more };
}
