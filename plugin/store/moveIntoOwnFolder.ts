import { renameSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { HeldFolder, OwnFolders } from './ownFolders.ts';

interface Move {
  /** Where the file lies. */
  readonly stages: { hold(): HeldFolder };
  readonly id: string;
  readonly path: string;
}

/** Makes the folder of `path` for it alone and moves the file there; false: the folder is taken. */
export function moveIntoOwnFolder(folders: OwnFolders, move: Move): boolean {
  const above = folders.holdOrCreate(dirname(dirname(move.path)));
  const name = basename(dirname(move.path));
  try {
    if (!folders.createIn(above, name)) return false;
    moveFile(folders, move, above);
    return true;
  } finally {
    above.close();
  }
}

/** The folder that was made goes again when the file does not come. */
function moveFile(folders: OwnFolders, { stages, id, path }: Move, above: HeldFolder): void {
  const name = basename(dirname(path));
  const held: HeldFolder[] = [];
  try {
    const from = stages.hold();
    held.push(from);
    const to = folders.holdIn(above, name);
    held.push(to);
    renameSync(join(from.path, id), join(to.path, basename(path)));
  } catch (error) {
    rmdirSync(join(above.path, name));
    throw error;
  } finally {
    for (const one of held) one.close();
  }
}
