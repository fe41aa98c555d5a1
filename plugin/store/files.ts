import { closeSync, mkdirSync, openSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { rmdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../errors.ts';

/**
 * Makes a folder, and those above it; false when it is taken.
 * Synchronously: what only changes names takes less time than a hop to another thread.
 */
export function createExclusive(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  mkdirSync(dirname(folder), { recursive: true });
  return createExclusive(folder);
}

/** The folder of `to` was made for it alone, and goes again when the file does not come. */
export function moveIntoFolder(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    rmdirSync(dirname(to));
    throw error;
  }
}

/** Without waiting for the disk a small file is written synchronously. */
export async function writeWhole(
  path: string,
  body: Uint8Array,
  { flag, durable }: { readonly flag: 'wx' | 'w'; readonly durable: boolean },
): Promise<void> {
  if (durable) await writeFile(path, body, { flag, flush: true });
  else writeFileSync(path, body, { flag });
}

const CLAIM_TRIES = 1000;

/**
 * Makes a folder and an empty file in it, although others remove the folder whenever they find it empty. Synchronously:
 * the file must follow before they look.
 */
export function createWithFolder(folder: string, path: string): void {
  for (let tried = 1; ; tried++) {
    try {
      mkdirSync(folder, { recursive: true });
      closeSync(openSync(path, 'wx'));
      return;
    } catch (error) {
      if (!isMissing(error) || tried === CLAIM_TRIES) throw error;
    }
  }
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
