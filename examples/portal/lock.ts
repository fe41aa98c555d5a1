import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from './environment.ts';

/** Which process holds a folder. A process id is given again one day; with its start it names one process. */
interface Holder {
  readonly id: string;
  readonly pid: number;
  /** null where the system does not tell. */
  readonly startedAt: string | null;
}

/** One portal at a time on a folder. Throws `StartError` while another lives. Answers how to give it back. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'lock');
  const { pid } = process;
  const own: Holder = { id: randomUUID(), pid, startedAt: await startOf(pid) };
  const draft = `${file}.${own.id}`;
  try {
    await writeFile(draft, JSON.stringify(own));
    while (!(await take(draft, file))) {
      const holder = await readHolder(file);
      if (holder && (await lives(holder))) {
        const message = `Another portal (process ${holder.pid}) runs on ${folder}; stop it, or set EXAMPLE_DATA.`;
        throw new StartError(1, message);
      }
      await clear(file, holder);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return async () => {
    if ((await readHolder(file))?.id === own.id) await rm(file, { force: true });
  };
}

/** A hard link appears whole or not at all, and only where nothing is. */
const take = (own: string, file: string): Promise<boolean> =>
  link(own, file).then(
    () => true,
    (error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? false : Promise.reject(error)),
  );

/** Takes a dead holder's file away, and puts it back when another was quicker and it is a living one's. */
async function clear(file: string, dead: Holder | null): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch(() => undefined);
  const moved = await readHolder(aside);
  if (moved && moved.id !== dead?.id) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}

/** A stopped holder is a holder. Nothing but the process itself says that it lives: a port could be another's by now. */
async function lives({ pid, startedAt }: Holder): Promise<boolean> {
  if (!isRunning(pid)) return false;
  return (startedAt ?? null) === null || (await startOf(pid)) === startedAt;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** From `/proc`, where a process that has ended and not been waited for counts as gone; elsewhere from `ps`. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  if (stat === null) return (await askPs(pid)) || null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? 'ended' : (fields[19] ?? null);
}

const askPs = (pid: number): Promise<string> =>
  promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
