import { parseArgs } from 'node:util';
import type { Knex } from 'knex';
import { pino } from 'pino';
import type { Archiver } from 'portal-archiver';
import { openCluster } from 'portal-archiver/embedded-postgres';
import type { Tokens } from './access.ts';
import type { Catalogue } from './catalogue.ts';
import { type Kept, openKept, writeKept } from './dataFolder.ts';
import { Doorway } from './doorway.ts';
import { type Environment, readEnvironment, StartError } from './environment.ts';
import { close, listen } from './listen.ts';
import { createPlugin, findSettingErrors } from './loadPlugin.ts';
import { lockFolder } from './lock.ts';
import { createPortal, openKnex } from './portal.ts';
import { type Closers, runMain, untilAskedToEnd } from './process.ts';
import { createPublisher } from './publisher.ts';
import { type Report, reportWhenSettled, tableOf } from './report.ts';
import { type Addresses, createTables, readAddresses, writeAddresses } from './schema.ts';
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
  closers.add(await lockFolder(environment.dataFolder));
  const doorway = new Doorway();
  const places = await openPlaces(environment, doorway, closers);
  const { archiver, settings } = await createPlugin({ variables: process.env, ...environment, ...places });
  const { knex, tokens } = await openDatabase(environment, closers);
  const logger = pino({ level: environment.logLevel }, pino.destination({ fd: 2, sync: true }));
  const { app, catalogue } = createPortal({ knex, archiver, settings, site: places.site, tokens, logger });
  await makeTables(knex, environment);
  closers.add(() => archiver.stop());
  await archiver.start();
  doorway.open(app);
  for (const line of greeting(places, tokens, environment)) say(line);
  await fill(knex, catalogue, archiver, places);

  const report = await reportWhenSettled(catalogue, archiver, options.once ? ONCE_MS : TABLE_MS);
  if (options.json) printJson(report, archiver, places);
  else say(`\n${tableOf(report.rows)}\n`);
  if (!options.once) say('Ctrl-C ends it.');
  return report.ok ? 0 : 1;
}

interface Places extends Addresses {
  /** Says which usual ports were taken. */
  readonly notices: readonly string[];
}

/** The publisher answers from now on, the portal with its doorway's page. */
async function openPlaces(environment: Environment, doorway: Doorway, closers: Closers): Promise<Places> {
  const publisherPlace = { variable: 'PUBLISHER_PORT', given: environment.publisherPort, usual: 3100 };
  const published = await listen(createPublisher(), publisherPlace);
  closers.add(() => close(published.server));
  const listening = await listen(doorway.handle, { variable: 'PORT', given: environment.port, usual: 3000 });
  closers.add(() => close(listening.server));
  return {
    publisher: `http://127.0.0.1:${published.port}`,
    site: `http://127.0.0.1:${listening.port}`,
    notices: [listening, published].flatMap(({ notice }) => notice ?? []),
  };
}

/** The database that was named, or one of our own; and the tokens that were given, or kept. */
async function openDatabase(environment: Environment, closers: Closers): Promise<{ knex: Knex; tokens: Tokens }> {
  const kept = await openKept(environment);
  const url = environment.databaseUrl ?? (await openOwnDatabase(environment.dataFolder, kept, closers));
  const knex = openKnex(url);
  closers.add(() => knex.destroy());
  const admin = environment.adminToken ?? kept.adminToken;
  const editor = environment.editorToken ?? kept.editorToken;
  return { knex, tokens: { admin, editor } };
}

/** Throws `StartError` where somebody else's database is at fault. */
async function makeTables(knex: Knex, { databaseUrl }: Environment): Promise<void> {
  await createTables(knex).catch((error: unknown) => {
    if (databaseUrl === null) throw error;
    throw new StartError(1, `The database of DATABASE_URL cannot be used: ${messageOf(error)}`);
  });
}

function greeting(places: Places, tokens: Tokens, { dataFolder }: Environment): readonly string[] {
  return [
    ...places.notices,
    `Portal         ${places.site}`,
    `Publisher      ${places.publisher}`,
    `Admin token    ${tokens.admin}`,
    `Editor token   ${tokens.editor}`,
    `Kept in        ${dataFolder}`,
  ];
}

/** Seeds what is not there yet, and moves what lies at the addresses of an earlier start. */
async function fill(knex: Knex, catalogue: Catalogue, { archive }: Archiver, places: Places): Promise<void> {
  const { site, publisher } = places;
  const last = await readAddresses(knex);
  await seed(catalogue, publisher, last?.publisher ?? null);
  if (last && last.site !== site) await archive.relocate({ dryRun: false });
  await writeAddresses(knex, { site, publisher });
}

function printJson(report: Report, archiver: Archiver, { site }: Places): void {
  const parts = { portal: site, queue: archiver.queueName(), store: archiver.storeName() };
  process.stdout.write(`${JSON.stringify({ ...parts, resources: report.rows, ok: report.ok }, null, 2)}\n`);
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
