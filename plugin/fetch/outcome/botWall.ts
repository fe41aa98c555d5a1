import type { HeaderMap } from '../../model/attempt.ts';
import { firstField } from '../http/headers.ts';
import { type Failure, failure } from './failure.ts';

/** Fields by which a wall says that this is its own answer, not the publisher's. */
const WALL_FIELDS = ['x-amzn-waf-action', 'cf-mitigated', 'x-vercel-mitigated'] as const;

/** Why a response is that of a bot wall, by its head alone; null for other responses. */
export function botWallByHead(headers: HeaderMap): Failure | null {
  for (const name of WALL_FIELDS) {
    const action = firstField(headers, name)?.trim().toLowerCase() ?? '';
    if (/^(?:challenge|captcha|block|deny)\b/.test(action)) return botWall(`${name}: ${action.slice(0, 20)}`);
  }
  return null;
}

/** `sign`: what shows it. Asking again shows the same wall, so it is asked once. */
export function botWall(sign: string): Failure {
  return failure('forbidden', `A bot wall answers in the publisher's place and lets only browsers pass (${sign}).`);
}
