import { after, before } from 'node:test';
import { jobQueueContract } from '../../plugin/testing/jobQueueContract.ts';
import { testMongodb } from '../support/mongodb.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { agendaUnderTest } from '../support/testQueues.ts';

const mongodb = await testMongodb();
const missing = 'missing' in mongodb ? mongodb.missing : false;
const mongodbUrl = 'missing' in mongodb ? null : mongodb.url;

let database: TestDatabase;
before(async () => {
  database = await freshDatabase();
});
after(async () => {
  await database.drop();
  if (!('missing' in mongodb)) await mongodb.stop();
});

jobQueueContract({
  name: 'Agenda on MongoDB',
  skip: missing,
  open: async () => agendaUnderTest({ mongodbUrl, connection: database.url }),
});
