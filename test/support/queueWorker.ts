import { AgendaQueue } from '../../plugin/job/agendaQueue.ts';
import { SILENT } from './testPortal.ts';

// A worker process of its own: says which jobs it began. The resource `endless` never ends; after any other it stops.
const settings = JSON.parse(process.argv[2] ?? '{}');
const queue = new AgendaQueue({ ...settings, logger: SILENT });
await queue.start({
  async resource(resourceId) {
    console.log(`began ${resourceId}`);
    if (resourceId === 'endless') await new Promise(() => undefined);
    setImmediate(async () => {
      await queue.stop(5000);
      // Whoever is still here by then was kept from ending.
      setTimeout(() => process.exit(3), 6000).unref();
    });
  },
  host: async () => null,
});
