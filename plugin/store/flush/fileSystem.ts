import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { release } from 'node:os';
import { codeOf, messageOf } from '../../errors.ts';

/** A file system that can be flushed as a whole, through a folder of it that is held open. */
export interface FileSystem {
  /** As `stat` tells it of each file in this file system; nobody else's while it is held. */
  readonly device: number;
  /**
   * Everything that was written before the call is on the disk when it resolves. A rejection may be about any file of it
   * that was written before the end of this call, and is told once.
   */
  flush(): Promise<void>;
  /** Not while a flush is under way: its descriptor could be another file's by then. */
  close(): void;
}

/** Why a folder is flushed file by file. */
export interface Unsuitable {
  readonly reason: string;
  /** false: nobody has asked for more. */
  readonly isInstalled: boolean;
}

/** Which tell of what they could not write, seen by themselves: overlayfs does not tell of the one below it. */
const SUITABLE: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
]);

/**
 * Before Linux 5.8 `syncfs` told of no file that could not be written, before 5.17 not of all that a file system itself could
 * not write (its journal).
 */
const FIRST_KERNEL = [5, 17] as const;

const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);
const NEEDS_KOFFI = 'the package koffi is not installed (npm install koffi@3)';

/** Opens the file system of a folder that is there; what it cannot do is an answer, not an error. */
export async function openFileSystem(folder: string): Promise<FileSystem | Unsuitable> {
  try {
    const { syncfs } = await import('./syncfs.ts');
    const reason = systemLacks(process.platform, release()) ?? (await folderLacks(folder));
    return reason === null ? await hold(folder, syncfs) : { reason, isInstalled: true };
  } catch (error) {
    const isInstalled = !(codeOf(error) === 'ERR_MODULE_NOT_FOUND' && messageOf(error).includes("'koffi'"));
    return { reason: isInstalled ? messageOf(error) : NEEDS_KOFFI, isInstalled };
  }
}

/** null: nothing. */
export function systemLacks(platform: NodeJS.Platform, kernel: string): string | null {
  if (platform !== 'linux') return 'only Linux flushes one file system as a whole';
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  const [firstMajor, firstMinor] = FIRST_KERNEL;
  if (major > firstMajor || (major === firstMajor && minor >= firstMinor)) return null;
  return `Linux ${kernel} does not tell of everything that it could not write; ${FIRST_KERNEL.join('.')} does`;
}

async function folderLacks(folder: string): Promise<string | null> {
  const { type } = await statfs(folder);
  if (SUITABLE.has(type)) return null;
  return `its file system is none of ${[...SUITABLE.values()].join(', ')}`;
}

/** Tried once: a sandbox may forbid the call. An error that is older than the descriptor is told at the first try alone. */
async function hold(folder: string, syncfs: (descriptor: number) => Promise<void>): Promise<FileSystem> {
  const descriptor = openSync(folder, FOLDER);
  try {
    await syncfs(descriptor).catch(() => syncfs(descriptor));
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const { dev: device } = fstatSync(descriptor);
  return { device, flush: () => syncfs(descriptor), close: () => closeSync(descriptor) };
}
