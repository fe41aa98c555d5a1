import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

/** A file system in memory that is full soon. Needs root (`infrastructure.ts`). */
export interface SmallDisk {
  readonly folder: string;
  /** A larger disk, or one that may only be read: as `mount -o remount` takes it, such as `size=64m` or `ro`. */
  remount(options: string): Promise<void>;
  unmount(): Promise<void>;
}

export async function smallDisk(bytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
  return {
    folder,
    // Busy while a file of it is open to be written, as for a moment of each try.
    remount: (options) => until(() => isMounted(['-o', `remount,${options}`, folder]), 60),
    async unmount() {
      execFileSync('umount', ['--lazy', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function isMounted(args: readonly string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'pipe' });
    return true;
  } catch (error) {
    if (/is busy/.test(String(error))) return false;
    throw error;
  }
}
