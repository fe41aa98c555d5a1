import createKnex from 'knex';
import { createArchiver, createExpressPortal } from '../dist/index.js';

// One worker process of a benchmark, built code as operators run it: `node worker.js <database URL> <settings as JSON>`. Says
// `started`, then `succeeded ID` of every resource whose id begins with `s`; ends with its input.
const [databaseUrl = '', settings = '{}'] = process.argv.slice(2);
const knex = createKnex({ client: 'pg', connection: databaseUrl, pool: { min: 0, max: 20 } });
const silent = () => undefined;
const archiver = createArchiver({ environment: {} });
archiver.register(
  createExpressPortal({
    knex,
    site: 'http://portal.example',
    name: 'benchmark',
    version: '1.0.0',
    logger: { debug: silent, info: silent, warn: silent, error: (...told) => console.error(...told) },
    authorize: () => true,
    settings: JSON.parse(settings),
  }),
);
archiver.on(({ name, resourceId }) => {
  if (name === 'archive.succeeded' && resourceId?.startsWith('s')) process.stdout.write(`succeeded ${resourceId}\n`);
});
await archiver.start({ roles: ['worker'] });
process.stdout.write('started\n');
process.stdin.resume();
process.stdin.once('end', async () => {
  await archiver.stop();
  await knex.destroy();
});
