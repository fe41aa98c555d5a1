import { setTimeout as wait } from 'node:timers/promises';
import type { Archiver } from '../Archiver.ts';
import { ArchiverError } from '../errors.ts';
import { createArchiver } from '../plugin.ts';
import type { ActionClientDeps } from '../portal/ckan/actionClient.ts';
import { type IdentifiedPortal, identifyPortal } from '../portal/ckan/identifyPortal.ts';
import { createMirrorPortal } from '../portal/ckan/mirrorPortal.ts';
import { MirrorTables } from '../portal/ckan/mirrorTables.ts';
import { WriteBackTable } from '../portal/ckan/writeBackTable.ts';
import { databaseOf } from '../record/database/openDatabase.ts';
import type { Config } from '../settings/Config.ts';
import { loadConfig } from '../settings/loadConfig.ts';
import { openApiExchange } from '../wiring/openApiExchange.ts';
import type { MirrorOptions, MirrorSurroundings } from './MirrorOptions.ts';
import { openMirrorDatabase } from './openMirrorDatabase.ts';

/** What one mirror works with, open until `close`. */
export interface OpenMirror {
  readonly config: Config;
  readonly remote: IdentifiedPortal;
  readonly tables: MirrorTables;
  readonly writeBacks: WriteBackTable;
  /** Sent to the portal's API so far, retries among them. */
  apiRequests(): number;
  readonly archiver: Archiver;
  close(): Promise<void>;
}

/** The remote portal alone, for what needs no database. */
export interface OpenRemote {
  readonly config: Config;
  readonly remote: IdentifiedPortal;
  /** Sent to the portal's API so far, retries among them. */
  apiRequests(): number;
  close(): Promise<void>;
}

const FIELDS_WARNING =
  'ARCHIVER_WRITE_BACK_FIELDS: a hash keeps xloader from loading a file that it has not seen, and each value that differs ' +
  "is one more write, which runs the portal's plugins and adds an activity.";

/** Finds the portal and checks the token. Throws `settings-invalid`, `invalid-request` or `portal-failed`. */
export async function openRemote(options: MirrorOptions, surroundings: MirrorSurroundings): Promise<OpenRemote> {
  const { signal, logger } = surroundings;
  const config = loadConfig({ environment: environmentOf(options, surroundings) });
  checkWriteBack(options, config);
  if (options.writeBack && config.writeBackFields.length > 0) surroundings.say(FIELDS_WARNING);
  const api = openApiExchange(config);
  let apiRequests = 0;
  const deps: Omit<ActionClientDeps, 'site'> = {
    token: options.token,
    userAgent: api.userAgent,
    exchange(request) {
      apiRequests += 1;
      return api.exchange(request);
    },
    wait: (ms, until) => wait(ms, undefined, { signal: until }),
    signal,
    logger,
  };
  try {
    const remote = await identifyPortal(options.site, deps);
    return { config, remote, apiRequests: () => apiRequests, close: api.close };
  } catch (error) {
    await api.close();
    throw error;
  }
}

/**
 * The portal, the database with the mirror's tables, and an archiver on them in this process. What was opened before
 * something failed is closed again. Throws `ArchiverError`, `invalid-request` where the folder mirrors another portal.
 */
export async function openMirror(options: MirrorOptions, surroundings: MirrorSurroundings): Promise<OpenMirror> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    const opened = await openRemote(options, surroundings);
    const { config, remote, apiRequests } = opened;
    closers.push(opened.close);
    const { folder } = options;
    const environment = environmentOf(options, surroundings);
    const schema = `${config.schema}_ckan`;
    const database = await openMirrorDatabase({ folder, databaseUrl: config.databaseUrl, schema, environment });
    closers.push(() => database.close());
    const mirrored = databaseOf(database.knex, schema);
    const tables = new MirrorTables(mirrored);
    await tables.open();
    await claim(tables, remote.site, folder);
    const archiver = createArchiver({ environment });
    const portal = createMirrorPortal({
      knex: database.knex,
      schema,
      site: remote.site,
      archiverUrl: options.archiverUrl ?? `${remote.site}/archiver`,
      version: remote.version,
      token: options.token,
      accessToken: options.accessToken,
      logger: surroundings.logger,
    });
    archiver.register({ ...portal, ...(surroundings.now && { now: surroundings.now }) });
    closers.push(() => archiver.stop());
    await archiver.start({ roles: options.isService ? ['web', 'worker', 'scheduler'] : ['worker'] });
    const writeBacks = new WriteBackTable(mirrored);
    return { config, remote, apiRequests, tables, writeBacks, archiver, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The archiver's settings: those of the environment, with what the command line says before them. */
function environmentOf(options: MirrorOptions, { environment }: MirrorSurroundings): NodeJS.ProcessEnv {
  const given = Object.entries(environment).filter(([name]) => !/^ARCHIVER_(RESOURCE|DATASET)_/.test(name));
  return {
    ...Object.fromEntries(given),
    ARCHIVER_FOLDER: options.folder,
    // Private datasets are not mirrored where copies are public; the settings ask for a place all the same.
    ...(environment['ARCHIVER_PUBLIC_COPIES_URL'] && {
      ARCHIVER_PRIVATE_FOLDER: environment['ARCHIVER_PRIVATE_FOLDER'] || `${options.folder}-private`,
    }),
    ...(options.checkOnly && { ARCHIVER_CHECK_ONLY: 'true' }),
  };
}

function checkWriteBack({ writeBack, token }: MirrorOptions, { publicCopiesUrl }: Config): void {
  if (!writeBack) return;
  const missing = [
    ...(token === null ? ['a token of the portal (--token or CKAN_API_TOKEN)'] : []),
    ...(publicCopiesUrl === null ? ['the public URL of the copies (ARCHIVER_PUBLIC_COPIES_URL)'] : []),
  ];
  if (missing.length > 0) throw new ArchiverError('settings-invalid', `--write-back needs ${missing.join(' and ')}.`);
}

async function claim(tables: MirrorTables, site: string, folder: string): Promise<void> {
  const state = await tables.state();
  if (state !== null && state.site !== site) {
    const message = `${folder} (or its database) mirrors ${state.site}, not ${site}: name another folder, or another ARCHIVER_SCHEMA.`;
    throw new ArchiverError('invalid-request', message);
  }
  if (state === null) await tables.setSite(site);
}
