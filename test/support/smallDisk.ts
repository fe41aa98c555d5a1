import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory that is full soon. Needs root (`infrastructure.ts`). */
export interface SmallDisk {
  readonly folder: string;
  /** A larger disk, or one that may only be read: as `mount -o remount` takes it, such as `size=64m` or `ro`. */
  remount(options: string): void;
  unmount(): Promise<void>;
}

export async function smallDisk(bytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
  return {
    folder,
    remount: (options) => void execFileSync('mount', ['-o', `remount,${options}`, folder]),
    async unmount() {
      execFileSync('umount', ['--lazy', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
