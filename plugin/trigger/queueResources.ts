import type { JobQueue } from '../job/JobQueue.ts';
import type { Archivals } from '../record/Archivals.ts';

/** What adds the jobs of requested resources. */
export interface QueueResourcesDeps {
  readonly archivals: Pick<Archivals, 'turns'>;
  readonly queue: Pick<JobQueue, 'add'>;
  now(): Date;
}

/**
 * Adds jobs of resources whose requests are recorded, each at its turn: those of one dataset do not stand before all of
 * another. What nobody wants any more gets none. Throws what the database or the queue throws.
 */
export async function queueResources(resourceIds: readonly string[], deps: QueueResourcesDeps): Promise<void> {
  if (resourceIds.length === 0) return;
  const { archivals, queue, now } = deps;
  const turns = await archivals.turns(resourceIds, now());
  await queue.add([...turns].map(([resourceId, turnAt]) => ({ kind: 'resource', resourceId, turnAt })));
}
