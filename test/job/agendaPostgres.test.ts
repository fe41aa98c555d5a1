import { after, before } from 'node:test';
import { jobQueueContract } from '../../plugin/testing/jobQueueContract.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { agendaUnderTest } from '../support/testQueues.ts';

let database: TestDatabase;
before(async () => {
  database = await freshDatabase();
});
after(() => database.drop());

jobQueueContract({
  name: 'Agenda on PostgreSQL',
  open: async () => agendaUnderTest({ mongodbUrl: null, connection: database.url }),
});
