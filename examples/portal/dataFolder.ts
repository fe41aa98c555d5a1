import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from './environment.ts';

/** What one start leaves for the next, and for the workers beside it. */
export interface Kept {
  readonly databasePassword: string;
  readonly databaseUrl: string | null;
  readonly adminToken: string;
  readonly editorToken: string;
}

const fileOf = (folder: string) => join(folder, 'portal.json');

/** null when no portal ever started on this folder. */
export async function readKept(folder: string): Promise<Kept | null> {
  const text = await readFile(fileOf(folder), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${fileOf(folder)} cannot be read: ${String(error)}`);
  }
}

/** What was kept, or made now; tokens that are given win, for this start only. */
export async function openKept({ dataFolder, databaseUrl }: Environment): Promise<Kept> {
  await mkdir(dataFolder, { recursive: true });
  const kept = await readKept(dataFolder);
  const made = {
    databasePassword: kept?.databasePassword ?? secret(),
    databaseUrl: databaseUrl ?? kept?.databaseUrl ?? null,
    adminToken: kept?.adminToken ?? secret(),
    editorToken: kept?.editorToken ?? secret(),
  };
  await writeKept(dataFolder, made);
  return made;
}

/** Readable for its owner alone, and never half-written. */
export async function writeKept(folder: string, kept: Kept): Promise<void> {
  const growing = `${fileOf(folder)}.new`;
  await writeFile(growing, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  await chmod(growing, 0o600);
  await rename(growing, fileOf(folder));
}

const secret = (): string => randomBytes(18).toString('base64url');
