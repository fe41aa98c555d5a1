import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, afterEach, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openBackend } from '../../plugin/job/agendaBackend.ts';
import { AgendaQueue } from '../../plugin/job/agendaQueue.ts';
import type { JobHandlers } from '../../plugin/job/JobQueue.ts';
import { SILENT } from './testPortal.ts';

export interface QueuePlace {
  readonly mongodbUrl: string | null;
  /** The portal's PostgreSQL. */
  readonly connection: string;
  close(): Promise<void>;
}

interface Changes {
  readonly lockMs?: number;
  readonly concurrency?: number;
}

const WORKER = fileURLToPath(new URL('./queueWorker.ts', import.meta.url));

/** Queues and worker processes of the suite that calls it; each test has a queue of its own, and all end with it. */
export function testQueues(openPlace: () => Promise<QueuePlace>) {
  let place: QueuePlace;
  let count = 0;
  let queues: AgendaQueue[] = [];
  let children: ChildProcess[] = [];

  before(async () => {
    place = await openPlace();
  });
  after(() => place?.close());
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    for (const queue of queues) await queue.stop(100);
    queues = [];
    children = [];
    count += 1;
  });

  function settings(changes: Changes = {}) {
    const { mongodbUrl, connection } = place;
    return { mongodbUrl, connection, queueName: `jobs_${count}`, pollMs: 50, concurrency: 8, ...changes };
  }

  return {
    async open(handlers: Partial<JobHandlers> | null, changes: Changes = {}): Promise<AgendaQueue> {
      const queue = new AgendaQueue({ ...settings(changes), logger: SILENT });
      queues.push(queue);
      await queue.start(handlers && { resource: async () => undefined, host: async () => null, ...handlers });
      return queue;
    },

    spawnWorker(changes: Changes = {}): ChildProcess {
      const args = ['--import', 'tsx', WORKER, JSON.stringify(settings(changes))];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      return child;
    },

    /** As Agenda keeps them. */
    async inQueue() {
      const backend = await openBackend(settings());
      const { jobs } = await backend.jobs.repository.queryJobs({});
      await backend.close();
      return jobs;
    },
  };
}

export async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new TypeError('The child has no output.');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return String(line);
}

/** Work waits at `passed` until somebody opens. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}
