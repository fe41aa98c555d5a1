import { execFileSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

const BYTES = 48 * 1024 * 1024;

/** A real file system on a disk that is a file in memory, so that what the disk has can be looked at. Needs root (`infrastructure.ts`). */
export interface LoopDisk {
  readonly folder: string;
  /** The disk is given nothing more: what a file system wrote to it before stays. */
  fill(): void;
  /** Takes back `fill`. */
  empty(): void;
  /** The disk as a power cut would leave it now, mounted elsewhere. Who writes to it is stopped. */
  afterPowerCut(): Promise<string>;
  unmount(): Promise<void>;
}

/** Of an ext4 whose blocks for files are not there yet: `fill` makes writing them an error of the disk. */
export async function loopDisk(): Promise<LoopDisk> {
  const memory = await mkdtemp(join(tmpdir(), 'archiver-loop-'));
  const image = join(memory, 'disk');
  const mounted: string[] = [];
  const mount = (...args: readonly string[]) => {
    const folder = args.at(-1) ?? '';
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', args);
    mounted.unshift(folder);
    return folder;
  };
  const resize = (bytes: number) => void execFileSync('mount', ['-o', `remount,size=${bytes}`, memory]);
  mount('-t', 'tmpfs', '-o', `size=${3 * BYTES}`, 'tmpfs', memory);
  await writeFile(image, '');
  await truncate(image, BYTES);
  execFileSync('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,nodiscard', image]);
  const folder = mount('-o', 'loop', image, join(memory, 'mounted'));
  return {
    folder,
    fill: () => resize(usedBytes(memory)),
    empty: () => resize(3 * BYTES),
    async afterPowerCut() {
      const cut = join(memory, 'after');
      await copyStill(image, cut);
      return mount('-o', 'loop', cut, join(memory, 'mounted after'));
    },
    async unmount() {
      for (const one of mounted) execFileSync('umount', ['--lazy', one]);
      await rm(memory, { recursive: true, force: true });
    },
  };
}

function usedBytes(folder: string): number {
  const { blocks, bfree, bsize } = statfsSync(folder);
  return (blocks - bfree) * bsize;
}

/** A copy of one moment: taken again where the file changed meanwhile. */
async function copyStill(from: string, to: string): Promise<void> {
  await until(async () => {
    await copyFile(from, to);
    const [now, copied] = await Promise.all([readFile(from), readFile(to)]);
    return now.equals(copied);
  });
}
