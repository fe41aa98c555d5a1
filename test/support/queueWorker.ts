import { AgendaQueue } from '../../plugin/job/agendaQueue.ts';
import { workOnQueue } from '../../plugin/testing/workOnQueue.ts';
import { SILENT } from './testPortal.ts';
import { listenOn } from './testQueues.ts';

// A worker process of its own, see `testQueues.ts`.
const settings = JSON.parse(process.argv[2] ?? '{}');
const listen = listenOn(settings.connection);
await workOnQueue(new AgendaQueue({ ...settings, listen, logger: SILENT }));
