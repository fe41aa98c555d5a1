import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { StartError } from './environment.ts';

interface Holder {
  readonly id: string;
  readonly pid: number;
  /** Answers with `id` on loopback for as long as the holder lives, so that no dead one can keep the folder. */
  readonly port: number;
}

/** One portal at a time on a folder. Throws `StartError` while another lives. Answers how to give it back. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'lock');
  const id = randomUUID();
  const server = await answerWith(id);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const own = `${file}.${id}`;
  try {
    await writeFile(own, JSON.stringify({ id, pid: process.pid, port } satisfies Holder));
    while (!(await take(own, file))) {
      const holder = await readHolder(file);
      if (holder && (await lives(holder))) {
        throw new StartError(
          1,
          `Another portal (process ${holder.pid}) runs on ${folder}; stop it, or set EXAMPLE_DATA.`,
        );
      }
      await clear(file, holder);
    }
  } catch (error) {
    server.close();
    throw error;
  } finally {
    await rm(own, { force: true });
  }
  return async () => {
    if ((await readHolder(file))?.id === id) await rm(file, { force: true });
    server.close();
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

function lives({ id, port }: Holder): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(3000, () => {
      socket.destroy();
      // Somebody listens but says nothing: a stopped holder is a holder.
      resolve(said === '');
    });
    socket.on('data', (chunk) => (said += chunk));
    socket.once('error', () => resolve(false));
    socket.once('end', () => resolve(said === id));
  });
}

function answerWith(id: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(id);
  });
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
