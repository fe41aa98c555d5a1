import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { answering, freePort } from './publisher.ts';

export function startWorker(databaseUrl: string, settings: object): ChildProcess {
  const entry = new URL('./sweepWorker.ts', import.meta.url).pathname;
  return spawn(process.execPath, ['--import', 'tsx', entry, databaseUrl, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

export async function endOf(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
}

export async function withPublisher<Result>(
  delayMs: number,
  hosts: number,
  work: (port: number) => Promise<Result>,
): Promise<Result> {
  const port = await freePort();
  const entry = new URL('./slowPublisher.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', entry, String(port), String(delayMs), String(hosts)]);
  try {
    for (let address = 1; address <= hosts; address++) await answering(`http://127.0.0.${address}:${port}`, child);
    return await work(port);
  } finally {
    await stopped(child);
  }
}

/** Also one that has ended by itself. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
