import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileRights, NEW_FILE, unlessMissing, writeWhole } from '../files.ts';
import { newStageName } from '../stageName.ts';

/** The file or object in which a store keeps its mark: beside the copies, which lie under `archive/`. */
export const MARK_KEY = '.portal-archiver.json';

/** null: there is none. A symbolic link in its place throws. */
export async function readMark(folder: string): Promise<string | null> {
  const file = await unlessMissing(open(join(folder, MARK_KEY), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)));
  if (!file) return null;
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Written beside and renamed, so that no reader sees half of it. */
export async function writeMark(
  folder: string,
  text: string,
  how: { readonly durable: boolean; readonly rights: FileRights },
): Promise<void> {
  const path = join(folder, MARK_KEY);
  const written = `${path}.${newStageName()}`;
  try {
    await writeWhole(written, Buffer.from(text), { ...how, flag: NEW_FILE });
    await rename(written, path);
  } catch (error) {
    await unlessMissing(unlink(written)).catch(() => undefined);
    throw error;
  }
}
