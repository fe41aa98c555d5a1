import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { MongoClient } from 'mongodb';
import { freePort } from '../../plugin/record/cluster/freePort.ts';

export interface TestMongodb {
  /** A database of its own on the server. */
  readonly url: string;
  /** null: the server is not ours, so that it cannot be ended. */
  readonly power: Power | null;
  /** Drops the database, and ends a server that is ours. */
  stop(): Promise<void>;
}

export interface Power {
  /** As a power cut would. */
  kill(): Promise<void>;
  /** Again on the same port and folder; resolves when it takes writes. */
  restart(): Promise<void>;
}

/** How a server is started on a port and a folder. */
interface Kind {
  readonly program: string;
  args(port: number, folder: string): string[];
  readonly isReplicaSet: boolean;
}

const READY_MS = 60_000;
const DOWNLOAD_MS = 300_000;

/**
 * A server that speaks MongoDB's wire protocol: `ARCHIVER_TEST_MONGODB_URL`, else a `mongod` or a `secantusd-rs` on the
 * PATH, else a `mongod` that is downloaded once. Where none can be had it answers what is to be done, for a skip; with
 * `ARCHIVER_REQUIRE_MONGODB=1` it throws that.
 */
export async function testMongodb(): Promise<TestMongodb | { readonly missing: string }> {
  const given = process.env['ARCHIVER_TEST_MONGODB_URL'];
  if (given) return withDatabase(given, null, async () => undefined);
  const kind = await findKind();
  if (kind) return startOwn(kind);
  const missing =
    'No MongoDB: put a mongod (or secantusd-rs) on the PATH, or name a server in ARCHIVER_TEST_MONGODB_URL.';
  if (process.env['ARCHIVER_REQUIRE_MONGODB'] === '1') throw new Error(missing);
  return { missing };
}

async function findKind(): Promise<Kind | null> {
  const mongod = onPath('mongod');
  if (mongod) return mongodAt(mongod);
  const secantus = onPath('secantusd-rs');
  if (secantus) return secantusAt(secantus);
  const downloaded = await download();
  return downloaded ? mongodAt(downloaded) : null;
}

function mongodAt(program: string): Kind {
  const args = (port: number, folder: string) => [
    ...['--port', String(port), '--dbpath', folder, '--bind_ip', '127.0.0.1', '--replSet', 'rs0', '--quiet'],
    ...['--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '64'],
  ];
  return { program, args, isReplicaSet: true };
}

function secantusAt(program: string): Kind {
  const args = (port: number, folder: string) => [
    ...['--host', '127.0.0.1', '--port', String(port), '--storage-path', folder],
    ...['--sync-on-commit', '--log-file-max', '8MB', '--cache-size', '256M', '--log-level', 'ERROR'],
  ];
  return { program, args, isReplicaSet: false };
}

function onPath(program: string): string | null {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** null where the machine has no way to the download. */
async function download(): Promise<string | null> {
  const { MongoBinary } = await import('mongodb-memory-server-core');
  const late = new Promise<null>((resolve) => setTimeout(resolve, DOWNLOAD_MS, null).unref());
  return Promise.race([MongoBinary.getPath({ version: '7.0.24' }).catch(() => null), late]);
}

async function startOwn(kind: Kind): Promise<TestMongodb> {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-mongodb-'));
  const port = await freePort();
  let child = await start(kind, port, folder);
  if (kind.isReplicaSet) await initiate(port);
  await takesWrites(port);

  const kill = () => end(child, 'SIGKILL');
  const restart = async () => {
    await kill();
    child = await start(kind, port, folder);
    await takesWrites(port);
  };
  return withDatabase(`mongodb://127.0.0.1:${port}/`, { kill, restart }, async () => {
    await end(child, 'SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });
}

async function withDatabase(server: string, power: Power | null, close: () => Promise<void>): Promise<TestMongodb> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = server.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?/, `$1/${name}`);
  const stop = async () => {
    // A server of ours goes with its folder; another keeps no trace of the test.
    if (!power) await ask(url, (client) => client.db().dropDatabase());
    await close();
  };
  return { url, power, stop };
}

async function start({ program, args }: Kind, port: number, folder: string): Promise<ChildProcess> {
  const child = spawn(program, args(port, folder), { stdio: 'ignore' });
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const endWithUs = () => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('exit', () => process.off('exit', endWithUs));
  return child;
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const impatient = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(impatient);
}

/** One node that is its own primary: what a replica set's drivers, retries and `replSetStepDown` need. */
async function initiate(port: number): Promise<void> {
  const config = { _id: 'rs0', members: [{ _id: 0, host: `127.0.0.1:${port}` }] };
  await ask(direct(port), (client) => client.db('admin').command({ replSetInitiate: config }));
}

/** Asks until the server is there and primary; the first connections find nobody listening. */
async function takesWrites(port: number): Promise<void> {
  const until = Date.now() + READY_MS;
  for (;;) {
    const hello = await ask(direct(port), (client) => client.db('admin').command({ hello: 1 })).catch(() => null);
    if (hello?.['isWritablePrimary'] === true) return;
    if (Date.now() > until) throw new Error(`The MongoDB server on port ${port} takes no writes.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function direct(port: number): string {
  return `mongodb://127.0.0.1:${port}/?directConnection=true`;
}

async function ask<Answer>(url: string, question: (client: MongoClient) => Promise<Answer>): Promise<Answer> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 2000 });
  try {
    return await question(client);
  } finally {
    await client.close();
  }
}
