import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Missing } from './infrastructure.ts';

const LIBRARY = libraries().find(existsSync) ?? null;

/** null: libfaketime is there. */
export const faketime: Missing | null =
  LIBRARY === null ? { missing: 'No libfaketime: apt-get install faketime' } : null;

/** The clock of child processes, apart from ours; their monotonic clock goes on as it does. */
export interface ChildClock {
  /** What a child is started with. */
  readonly variables: Readonly<Record<string, string>>;
  /** From now on the children's clock is off by so much: `-1h`, `+0`, `+30m`. */
  set(offset: string): Promise<void>;
  remove(): Promise<void>;
}

export async function childClock(offset: string): Promise<ChildClock> {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-clock-'));
  const file = join(folder, 'faketime');
  const set = (to: string) => writeFile(file, `${to}\n`);
  await set(offset);
  const variables = {
    LD_PRELOAD: LIBRARY ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DONT_RESET: '1',
  };
  return { variables, set, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Debian keeps it in a folder that is named after the machine. */
function libraries(): string[] {
  if (!existsSync('/usr/lib')) return [];
  return readdirSync('/usr/lib').map((folder) => join('/usr/lib', folder, 'faketime/libfaketimeMT.so.1'));
}
