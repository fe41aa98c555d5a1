import { AgendaQueue } from '../../plugin/job/agendaQueue.ts';
import { workOnQueue } from '../../plugin/testing/workOnQueue.ts';
import { SILENT } from './testPortal.ts';

// A worker process of its own, see `testQueues.ts`.
await workOnQueue(new AgendaQueue({ ...JSON.parse(process.argv[2] ?? '{}'), logger: SILENT }));
