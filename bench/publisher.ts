import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';

/** A static file server in a process of its own: nginx where the system has one, else a small one of ours. */
export interface Publisher {
  readonly name: string;
  readonly url: string;
  stop(): Promise<void>;
}

/** Listens on `addresses` loopback addresses from 127.0.0.1 up, so that one server can play many hosts. */
export async function startPublisher(root: string, scratch: string, addresses = 1): Promise<Publisher> {
  const port = await freePort();
  const nginx = nginxPath();
  const child = nginx ? startNginx(nginx, root, scratch, port, addresses) : startOurs(root, port, addresses);
  const url = `http://127.0.0.1:${port}`;
  for (let address = 1; address <= addresses; address++) await answering(`http://127.0.0.${address}:${port}`, child);
  return {
    name: nginx ? 'nginx' : 'own static server',
    url,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function startNginx(nginx: string, root: string, scratch: string, port: number, addresses: number): ChildProcess {
  const listens = Array.from({ length: addresses }, (_, index) => `listen 127.0.0.${index + 1}:${port};`).join(' ');
  const file = join(scratch, 'nginx.conf');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${scratch}/${name};`,
  );
  writeFileSync(
    file,
    `daemon off; master_process off; worker_processes 1; pid ${scratch}/nginx.pid; error_log ${scratch}/error.log;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; ${paths.join(' ')}
  types { text/csv csv; } open_file_cache max=30000; server { ${listens} root ${root}; } }`,
  );
  return spawn(nginx, ['-c', file, '-p', scratch], { stdio: 'ignore' });
}

function startOurs(root: string, port: number, addresses: number): ChildProcess {
  const entry = new URL('./staticServer.ts', import.meta.url).pathname;
  return spawn(process.execPath, ['--import', 'tsx', entry, root, String(port), String(addresses)], {
    stdio: 'ignore',
  });
}

function nginxPath(): string | null {
  try {
    return execFileSync('sh', ['-c', 'command -v nginx'], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export async function answering(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`The file server ended with ${child.exitCode}.`);
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('The file server does not answer.');
}
