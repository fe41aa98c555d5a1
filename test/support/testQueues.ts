import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { openBackend } from '../../plugin/job/agendaBackend.ts';
import { AgendaQueue } from '../../plugin/job/agendaQueue.ts';
import type { Listen } from '../../plugin/job/Listen.ts';
import { QueueClock } from '../../plugin/job/queueClock.ts';
import { listenOver } from '../../plugin/record/database/listen.ts';
import type { QueueUnderTest } from '../../plugin/testing/QueueUnderTest.ts';
import { LOADER } from './loader/loader.ts';
import { SILENT } from './testPortal.ts';

export { gate } from '../../plugin/testing/gate.ts';

/** Where Agenda keeps its jobs: MongoDB, or else the portal's PostgreSQL. */
export interface QueueServer {
  readonly mongodbUrl: string | null;
  readonly connection: string;
}

const WORKER = fileURLToPath(new URL('./queueWorker.ts', import.meta.url));

/** How a queue hears of jobs in that PostgreSQL. */
export function listenOn(connectionString: string): Listen {
  return listenOver({ connection: async () => ({ connectionString }) });
}

/** An empty queue of Agenda on the server; it goes with the server. */
export function agendaUnderTest(server: QueueServer): QueueUnderTest {
  const queueName = `jobs_${randomBytes(6).toString('hex')}`;
  const settings = { ...server, schema: 'public', queueName, sharedName: queueName, pollMs: 50, concurrency: 8 };
  const listen = listenOn(server.connection);
  return {
    create: (options) => new AgendaQueue({ ...settings, ...options, listen, logger: SILENT }),
    spawnWorker: (options) => {
      const args = [...LOADER, WORKER, JSON.stringify({ ...settings, ...options })];
      return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    },
    async held() {
      const backend = await openBackend(
        { ...settings, listen, clock: new QueueClock(() => new Date()) },
        { pause: async () => undefined },
      );
      const { jobs } = await backend.jobs.repository.queryJobs({});
      await backend.close();
      return jobs.map(({ failReason }) => ({ failReason: failReason ?? null }));
    },
    close: async () => undefined,
  };
}
