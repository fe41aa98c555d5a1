import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf } from '../../errors.ts';

/** A server process and where it listens. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/**
 * A PostgreSQL that lives on although what started it was killed. A `postmaster.pid` whose process is gone, or is by now
 * another program's, is removed: PostgreSQL would otherwise refuse to start.
 */
export async function findPostmaster(dataFolder: string): Promise<Postmaster | null> {
  const file = join(dataFolder, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (Number.isInteger(pid) && pid > 1 && (await worksOn(pid, dataFolder))) return { pid, port };
  await rm(file, { force: true });
  return null;
}

/** PostgreSQL's working directory is its data folder; where there is no `/proc`, its command line names it. */
async function worksOn(pid: number, dataFolder: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const folder = await realpath(dataFolder);
  if (process.platform === 'linux') return (await readlink(`/proc/${pid}/cwd`).catch(() => null)) === folder;
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.includes('postgres') && (stdout.includes(folder) || stdout.includes(dataFolder));
}

/** Ends it: the fast way, which keeps everything, and when that takes too long the immediate one, which recovers. */
export async function endPostmaster({ pid }: Postmaster, dataFolder: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (isAlive(pid)) process.kill(pid, signal);
    for (let waited = 0; waited < 10_000; waited += 50) {
      if (!(await worksOn(pid, dataFolder))) return;
      await wait(50);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
