import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { accountFor } from '../../plugin/record/cluster/account.ts';
import { freePort } from '../../plugin/record/cluster/freePort.ts';
import { SEARCHED } from './infrastructure.ts';
import { until } from './until.ts';

/** A pgbouncer that runs; its URL is that of the database behind it, by another port. */
export interface TestPgbouncer {
  readonly url: string;
  stop(): Promise<void>;
}

/** In transaction mode before the database of `url`, with few connections of its own, as operators have it. */
export async function startPgbouncer(
  url: string,
  options: { readonly poolSize?: number } = {},
): Promise<TestPgbouncer> {
  const { poolSize = 10 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'archiver-pgbouncer-'));
  const port = await freePort(null);
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(file, configuration(new URL(url), port, poolSize));
  // It refuses to run as root.
  const account = await accountFor(folder);
  for (const path of account ? [folder, file] : []) await chown(path, account?.uid ?? 0, account?.gid ?? 0);
  const child = spawn('pgbouncer', ['-q', file], {
    ...account,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: SEARCHED },
  });
  await once(child, 'spawn');
  const endWithUs = () => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const through = new URL(url);
  through.host = `127.0.0.1:${port}`;
  await until(() => answers(through.href));
  const stop = async () => {
    process.off('exit', endWithUs);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  return { url: through.href, stop };
}

/** Everybody is let in: who asks is of no interest here. */
function configuration({ hostname, port, username, password }: URL, listenPort: number, poolSize: number): string {
  const server = `host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)}`;
  return [
    '[databases]',
    `* = ${server}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${listenPort}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 500',
    'log_connections = 0',
    'log_disconnections = 0',
    '',
  ].join('\n');
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
