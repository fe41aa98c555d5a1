import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { COLLISION_TRIES, collisionDelay } from '../decide/collisionDelay.ts';
import { codeOf } from '../errors.ts';

/** SQLSTATEs of a deadlock and of a failed serialization: nothing was written, and the next try may go through. */
const COLLISIONS: readonly string[] = ['40P01', '40001'];

/**
 * A pool whose queries are made again after a pause when they collided with others: each is a transaction of its own, and
 * where the server's default isolation is `serializable`, workers that take jobs collide all the time.
 */
export function retryingPool(pool: pg.Pool): pg.Pool {
  const query = (...asked: unknown[]) => retrying(() => Reflect.apply(pool.query, pool, asked));
  return new Proxy(pool, {
    get: (target, name) => (name === 'query' ? query : Reflect.get(target, name, target)),
  });
}

async function retrying(work: () => Promise<unknown>): Promise<unknown> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (tried === COLLISION_TRIES || !COLLISIONS.includes(codeOf(error))) throw error;
      await wait(collisionDelay(tried, Math.random()));
    }
  }
}
