import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileRights, NEW_FILE, unlessMissing, writeWhole } from '../files.ts';
import type { DiskFlush } from '../flush/diskFlush.ts';
import { newStageName } from '../stageName.ts';

/** The file or object in which a store keeps its mark: beside the copies, which lie under `archive/`. */
export const MARK_KEY = '.portal-archiver.json';

/** The one that is there. A symbolic link in its place throws. */
export async function readMarks(folder: string): Promise<readonly string[]> {
  const file = await unlessMissing(open(join(folder, MARK_KEY), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)));
  if (!file) return [];
  try {
    return [await file.readFile('utf8')];
  } finally {
    await file.close();
  }
}

/** Written beside and renamed, so that no reader sees half of it. */
export async function writeMark(
  folder: string,
  text: string,
  { disk, rights }: { readonly disk: DiskFlush | null; readonly rights: FileRights },
): Promise<void> {
  const path = join(folder, MARK_KEY);
  const written = `${path}.${newStageName()}`;
  try {
    await writeWhole(written, Buffer.from(text), { disk, rights, flag: NEW_FILE });
    await rename(written, path);
    await disk?.folders(folder, folder);
  } catch (error) {
    await unlessMissing(unlink(written)).catch(() => undefined);
    throw error;
  }
}

/** Idempotent. */
export async function dropMark(folder: string): Promise<void> {
  await unlessMissing(unlink(join(folder, MARK_KEY)));
}
