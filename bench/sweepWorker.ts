import createKnex from 'knex';
import { createArchiver } from '../plugin/plugin.ts';
import { testPortal } from './portal.ts';

// One worker process of a benchmark: `sweepWorker.ts <database URL> <settings as JSON>`; ends with its input.
const [databaseUrl = '', settings = '{}'] = process.argv.slice(2);
const knex = createKnex({ client: 'pg', connection: databaseUrl, pool: { min: 0, max: 20 } });
const archiver = createArchiver({ environment: {} });
archiver.register(testPortal({ knex, settings: JSON.parse(settings) }));
await archiver.start({ roles: ['worker'] });
process.stdout.write('started\n');
process.stdin.resume();
process.stdin.once('end', async () => {
  await archiver.stop();
  await knex.destroy();
});
