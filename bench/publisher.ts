import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { addressOf } from './addresses.ts';

/** A static file server in a process of its own: nginx where the system has one, else a small one of ours. */
export interface Publisher {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Serves the files below `root` at so many addresses. Each round has a fresh one: a cache that is full would slow the next. */
export function startPublisher(root: string, scratch: string, addresses = 1): Promise<Publisher> {
  return start({
    addresses,
    nginx: (port) => startNginx(scratch, `${listens(port, addresses)} root ${root};`),
    own: (port) => startOwn('staticServer.ts', root, port, addresses),
  });
}

/** Answers 304 to whoever shows its ETag `"1"`, without a date that would make a copy fresh for a while. */
export function startUnchanged(scratch: string, addresses: number): Promise<Publisher> {
  const location = `location / { default_type text/csv; etag off; add_header ETag '"1"';
    if ($http_if_none_match = '"1"') { return 304; } return 200 "id,name\\n1,$uri\\n"; }`;
  return start({
    addresses,
    nginx: (port) => startNginx(scratch, `${listens(port, addresses)} ${location}`),
    own: (port) => startOwn('slowPublisher.ts', port, 0, addresses),
  });
}

/** As {@link startUnchanged}, so many milliseconds after each request. */
export function startSlow(delayMs: number, addresses: number): Promise<Publisher> {
  const own = (port: number) => startOwn('slowPublisher.ts', port, delayMs, addresses);
  return start({ addresses, nginx: null, own });
}

interface Starting {
  readonly addresses: number;
  readonly nginx: ((port: number) => ChildProcess) | null;
  own(port: number): ChildProcess;
}

async function start({ addresses, nginx, own }: Starting): Promise<Publisher> {
  const port = await freePort();
  const usesNginx = nginx !== null && NGINX !== null;
  const child = usesNginx ? nginx(port) : own(port);
  for (let host = 0; host < addresses; host++) await answering(`http://${addressOf(host)}:${port}`, child);
  return { name: usesNginx ? 'nginx' : 'own server', port, pid: child.pid ?? 0, stop: () => stopped(child) };
}

/** Also one that has ended by itself. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

const listens = (port: number, addresses: number): string =>
  Array.from({ length: addresses }, (_, host) => `listen ${addressOf(host)}:${port};`).join(' ');

const NGINX = output('command -v nginx');

/** Connections, listening sockets and files of the cache share what one process may open: past that nginx answers 500. */
function startNginx(scratch: string, server: string): ChildProcess {
  const openable = Number(output('ulimit -n')) || 1024;
  const connections = Math.min(4096, Math.floor(openable / 3));
  const cached = Math.min(30_000, Math.floor(openable / 3));
  const folder = mkdtempSync(join(scratch, 'nginx-'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const paths = temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections ${connections}; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; ${paths}
  types { text/csv csv; } open_file_cache max=${cached}; server { ${server} } }`,
  );
  return spawn(NGINX ?? 'nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' });
}

function startOwn(file: string, ...given: readonly (string | number)[]): ChildProcess {
  const entry = new URL(file, import.meta.url).pathname;
  return spawn(process.execPath, ['--import', 'tsx', entry, ...given.map(String)], { stdio: 'ignore' });
}

/** null where it says nothing. */
function output(command: string): string | null {
  try {
    return execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}.`);
    try {
      await fetch(url);
      return;
    } catch {
      await wait(50);
    }
  }
  throw new Error('The server does not answer.');
}
