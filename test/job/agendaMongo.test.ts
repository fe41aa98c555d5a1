import { jobQueueContract } from '../contracts/jobQueue.ts';
import { testMongodb } from '../support/mongodb.ts';
import { freshDatabase } from '../support/postgres.ts';

const mongodb = await testMongodb();

jobQueueContract('Agenda on MongoDB', 'missing' in mongodb ? mongodb.missing : false, async () => {
  if ('missing' in mongodb) throw new Error(mongodb.missing);
  const { url, drop } = await freshDatabase();
  const close = async () => {
    await drop();
    await mongodb.stop();
  };
  return { mongodbUrl: mongodb.url, connection: url, close };
});
