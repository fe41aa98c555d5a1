import type { JobQueue } from '../job/JobQueue.ts';

/**
 * What the process does that `spawnWorker` starts: it works on the queue and prints `began ID` for each job of a
 * resource. The job of the resource `endless` never ends; after any other the queue is stopped, and the process must end.
 */
export async function workOnQueue(queue: JobQueue): Promise<void> {
  await queue.start({
    async resource(resourceId) {
      process.stdout.write(`began ${resourceId}\n`);
      if (resourceId === 'endless') await new Promise(() => undefined);
      setImmediate(() => void stop(queue));
    },
    host: async () => null,
  });
}

async function stop(queue: JobQueue): Promise<void> {
  await queue.stop(5000);
  // A process that is still here by then was kept from ending.
  setTimeout(() => process.exit(3), 6000).unref();
}
