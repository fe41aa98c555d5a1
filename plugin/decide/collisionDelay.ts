const FIRST_MS = 10;
const LONGEST_MS = 1000;

/** Two transactions that collided would collide again in step; tried so often, over about four seconds, then it is an error. */
export const COLLISION_TRIES = 10;

/** How long to wait after the `tried`-th try (from 1). `random` in [0, 1) parts those that collided. */
export function collisionDelay(tried: number, random: number): number {
  return Math.min(FIRST_MS * 2 ** (tried - 1), LONGEST_MS) * (0.5 + random);
}
