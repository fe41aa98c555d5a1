import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { openCluster } from 'portal-archiver/embedded-postgres';
import { type Kept, openKept, writeKept } from './dataFolder.ts';
import { type Environment, readEnvironment, StartError } from './environment.ts';
import { close, listen } from './listen.ts';
import { createPlugin, findSettingErrors } from './loadPlugin.ts';
import { lockFolder } from './lock.ts';
import { createPortal, openKnex } from './portal.ts';
import { type Closers, runMain, untilAskedToEnd } from './process.ts';
import { createPublisher } from './publisher.ts';
import { reportWhenSettled, tableOf } from './report.ts';
import { createTables, moveCopies, readAddresses, writeAddresses } from './schema.ts';
import { seed } from './seed.ts';

const ONCE_MS = 180_000;
const TABLE_MS = 45_000;

interface Options {
  /** Ends when every seeded resource is settled. */
  readonly once: boolean;
  /** The report as JSON, alone on standard output. */
  readonly json: boolean;
}

await runMain(async (closers) => {
  const options = readOptions(process.argv.slice(2));
  const environment = readEnvironment(process.env, await findSettingErrors(process.env));
  const ended = untilAskedToEnd().then(() => null);
  const started = await Promise.race([start(environment, options, closers), ended]);
  if (started === null || options.once) return started ?? 0;
  await ended;
  return 0;
});

/** From nothing to a portal that works; answers the exit code that `--once` ends with. */
async function start(environment: Environment, options: Options, closers: Closers): Promise<number> {
  const say = (line: string) => (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const { dataFolder } = environment;
  closers.add(await lockFolder(dataFolder));

  const publisherPlace = { variable: 'PUBLISHER_PORT', given: environment.publisherPort, usual: 3100 };
  const published = await listen(createPublisher(), publisherPlace);
  closers.add(() => close(published.server));
  const publisher = `http://127.0.0.1:${published.port}`;
  const { archiver, settings } = await createPlugin({ variables: process.env, dataFolder, publisher });
  const place = { variable: 'PORT', given: environment.port, usual: 3000 };
  const listening = await listen((request, response) => portal.app(request, response), place);
  closers.add(() => close(listening.server));
  const site = `http://127.0.0.1:${listening.port}`;

  const kept = await openKept(environment);
  const databaseUrl = environment.databaseUrl ?? (await openOwnDatabase(dataFolder, kept, closers));
  const knex = openKnex(databaseUrl);
  closers.add(() => knex.destroy());
  const tokens = {
    admin: environment.adminToken ?? kept.adminToken,
    editor: environment.editorToken ?? kept.editorToken,
  };
  const logger = pino({ level: environment.logLevel }, pino.destination({ fd: 2, sync: true }));
  const portal = createPortal({ knex, archiver, settings, site, tokens, logger });

  await createTables(knex).catch((error: unknown) => {
    if (environment.databaseUrl === null) throw error;
    throw new StartError(1, `The database of DATABASE_URL cannot be used: ${messageOf(error)}`);
  });
  closers.add(() => archiver.stop());
  await archiver.start();
  portal.open();
  for (const { notice } of [listening, published]) if (notice) say(notice);
  say(`Portal         ${site}`);
  say(`Publisher      ${publisher}`);
  say(`Admin token    ${tokens.admin}`);
  say(`Editor token   ${tokens.editor}`);
  say(`Kept in        ${dataFolder}`);
  const last = await readAddresses(knex);
  await seed(portal.catalogue, publisher, last?.publisher ?? null);
  if (last && last.site !== site) await moveCopies(knex, last.site, site);
  await writeAddresses(knex, { site, publisher });

  const report = await reportWhenSettled(portal.catalogue, archiver, options.once ? ONCE_MS : TABLE_MS);
  if (options.json) {
    const parts = { portal: site, queue: archiver.queueName(), store: archiver.storeName() };
    process.stdout.write(`${JSON.stringify({ ...parts, resources: report.rows, ok: report.ok }, null, 2)}\n`);
  } else {
    say(`\n${tableOf(report.rows)}\n`);
  }
  if (!options.once) say('Ctrl-C ends it.');
  return report.ok ? 0 : 1;
}

async function openOwnDatabase(folder: string, kept: Kept, closers: Closers): Promise<string> {
  const cluster = await openCluster({
    folder,
    password: kept.databasePassword,
    port: lastPortOf(kept),
    environment: process.env,
  });
  closers.add(() => cluster.stop());
  await writeKept(folder, { ...kept, databaseUrl: cluster.url });
  return cluster.url;
}

/** null: the last start used a database of somebody else's, or there was none. */
function lastPortOf({ databaseUrl, databasePassword }: Kept): number | null {
  if (databaseUrl === null || !URL.canParse(databaseUrl)) return null;
  const { port, password } = new URL(databaseUrl);
  return password === databasePassword ? Number(port) : null;
}

function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({ args, options: { once: { type: 'boolean' }, json: { type: 'boolean' } } });
    return { once: values.once ?? false, json: values.json ?? false };
  } catch (error) {
    throw new StartError(2, `${error instanceof Error ? error.message : error}\nUsage: npm start [-- --once [--json]]`);
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error && error.message) || String(error);
}
