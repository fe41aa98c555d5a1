import { jobQueueContract } from '../contracts/jobQueue.ts';
import { freshDatabase } from '../support/postgres.ts';

jobQueueContract('Agenda on PostgreSQL', false, async () => {
  const { url, drop } = await freshDatabase();
  return { mongodbUrl: null, connection: url, close: drop };
});
