import { pino } from 'pino';
import { readKept } from './dataFolder.ts';
import { readEnvironment, StartError } from './environment.ts';
import { createPlugin, findSettingErrors } from './loadPlugin.ts';
import { createPortal, openKnex } from './portal.ts';
import { runMain, untilAskedToEnd } from './process.ts';
import { readAddresses } from './schema.ts';

// One more worker process on the database, queue and store of a portal that was started before.
await runMain(async (closers) => {
  const environment = readEnvironment(process.env, await findSettingErrors(process.env));
  const ended = untilAskedToEnd();
  const { dataFolder } = environment;
  const kept = await readKept(dataFolder);
  const databaseUrl = environment.databaseUrl ?? kept?.databaseUrl ?? null;
  if (databaseUrl === null) {
    throw new StartError(
      1,
      `No portal was started on ${dataFolder}: run npm start first, or set EXAMPLE_DATA or DATABASE_URL.`,
    );
  }
  const knex = openKnex(databaseUrl);
  closers.add(() => knex.destroy());
  const addresses = await readAddresses(knex).catch((error: unknown) => {
    throw new StartError(1, `The portal's database does not answer (${String(error)}): run npm start first.`);
  });
  if (!addresses) throw new StartError(1, 'No portal was started on that database: run npm start first.');
  const { archiver, settings } = await createPlugin({
    variables: process.env,
    dataFolder,
    publisher: addresses.publisher,
  });
  const logger = pino({ level: environment.logLevel }, pino.destination({ fd: 2, sync: true }));
  // Nobody reaches the portal through a worker; it only knows where everything is.
  const tokens = { admin: kept?.adminToken ?? '', editor: kept?.editorToken ?? '' };
  createPortal({ knex, archiver, settings, site: addresses.site, tokens, logger });
  closers.add(() => archiver.stop());
  await archiver.start({ roles: ['worker', 'scheduler'] });
  process.stdout.write(`One more worker on ${archiver.queueName()}, into ${archiver.storeName()}. Ctrl-C ends it.\n`);
  await ended;
  return 0;
});
