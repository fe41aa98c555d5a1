import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
  writeSync,
} from 'node:fs';
import { open, rmdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { codeOf } from '../errors.ts';
import type { DiskFlush } from './flush/diskFlush.ts';

/** Opens a file that must be new. */
export const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
/** Opens a file that is there already, and not through a symbolic link. */
export const OWN_FILE = constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW;

/** Who may use what is made. A shared mode is set on each folder and file, whatever the umask says. */
export interface FileRights {
  readonly folderMode: number;
  readonly fileMode: number;
  readonly isShared: boolean;
}

/**
 * Makes a folder and what is missing above it; answers the highest one that was made, undefined when it was there. Step by
 * step: Node's own `recursive` says ENOENT on a file system that may only be read, and never returns on some.
 */
export function createFolders(folder: string, rights: FileRights): string | undefined {
  try {
    return createFolder(folder, rights) ? folder : undefined;
  } catch (error) {
    const parent = dirname(folder);
    // Where the one above is there, the folder itself is refused.
    if (codeOf(error) !== 'ENOENT' || parent === folder || lstatSync(parent, { throwIfNoEntry: false })) throw error;
    const highest = createFolders(parent, rights);
    createFolder(folder, rights);
    return highest ?? folder;
  }
}

/** false: it was there, or somebody else made it. */
function createFolder(folder: string, { folderMode, isShared }: FileRights): boolean {
  try {
    mkdirSync(folder, folderMode);
    if (isShared) chmodSync(folder, folderMode);
    return true;
  } catch (error) {
    // Of a folder that is there, a file system that may only be read says EROFS.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return false;
    throw error;
  }
}

/**
 * Throws when a symbolic link stands on the way from `root`, which may itself be reached by one, to the folder of `path`:
 * somebody else put it there, and what is written or removed behind it is not ours. What is not there yet is no link.
 */
export function refuseLinks(root: string, path: string): void {
  let folder = root;
  for (const name of relative(root, dirname(path)).split(sep)) {
    folder = join(folder, name);
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (!found) return;
    if (found.isSymbolicLink()) throw new Error(`${folder} is a symbolic link`);
  }
}

/** How a small file is written. */
export interface WholeFile {
  readonly flag: number;
  /** null: without waiting for the disk. */
  readonly disk: DiskFlush | null;
  readonly rights: FileRights;
  /** Where it will lie; null: to be looked at. */
  readonly device?: number | null;
}

/** What is not flushed, or flushed with others, is written synchronously: a hop to another thread would take longer than the work. */
export async function writeWhole(path: string, body: Uint8Array, how: WholeFile): Promise<void> {
  const { flag, disk, rights, device = null } = how;
  if (disk && !disk.begin().isGrouped) return writeByItself(path, body, { flag, disk, rights });
  const file = openSync(path, flag, rights.fileMode);
  try {
    if (rights.isShared) fchmodSync(file, rights.fileMode);
    for (let written = 0; written < body.length; ) written += writeSync(file, body, written);
    await disk?.file(file, device);
  } finally {
    closeSync(file);
  }
}

async function writeByItself(
  path: string,
  body: Uint8Array,
  { flag, disk, rights }: WholeFile & { readonly disk: DiskFlush },
): Promise<void> {
  const file = await open(path, flag, rights.fileMode);
  try {
    if (rights.isShared) await file.chmod(rights.fileMode);
    await file.writeFile(body);
    await disk.file(file.fd);
  } catch (error) {
    // Not waited for: where the disk hangs this may too.
    file.close().catch(() => undefined);
    throw error;
  }
  await file.close();
}

/** Makes a file that must be new. */
export function createEmpty(path: string, mode: number): void {
  closeSync(openSync(path, 'wx', mode));
}

/** false when `folder` is not empty or not there; somebody else may be faster in either direction. */
export async function removeEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch {
    return false;
  }
}

/** null where the file or a folder above it is not there; every other error is thrown. */
export async function unlessMissing<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** ENOENT, or ENOTDIR where a file stands in place of a folder. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}
