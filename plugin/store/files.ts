import { mkdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { rmdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it; false when it is taken.
 * At once: what only changes names takes less time than a hop to another thread.
 */
export function makeNew(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  mkdirSync(dirname(folder), { recursive: true });
  return makeNew(folder);
}

/** The folder of `to` was made for it alone, and goes again when the file does not come. */
export function moveInto(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    rmdirSync(dirname(to));
    throw error;
  }
}

/** Without waiting for the disk a small file is written at once. */
export async function writeNew(path: string, body: Uint8Array, durable: boolean): Promise<void> {
  if (durable) await writeFile(path, body, { flag: 'wx', flush: true });
  else writeFileSync(path, body, { flag: 'wx' });
}

export async function removeEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch {
    return false;
  }
}

export async function unlessMissing<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
