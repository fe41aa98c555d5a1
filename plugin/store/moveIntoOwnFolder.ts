import { renameSync, rmdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { HeldFolder } from './folder/heldFolder.ts';
import type { OwnFolders } from './ownFolders.ts';

interface Move {
  /** Where the file lies. */
  readonly stages: { hold(): HeldFolder };
  readonly id: string;
  readonly path: string;
}

/**
 * Makes the folder of `path` for it alone and moves the file there. Answers the device where it lies, null where the system does
 * not show it; `taken`: the folder is.
 */
export function moveIntoOwnFolder(folders: OwnFolders, move: Move): { readonly device: number | null } | 'taken' {
  const folder = dirname(move.path);
  const above = folders.holdOrCreate(dirname(folder));
  try {
    const name = basename(folder);
    if (!folders.createIn(above, name)) return 'taken';
    moveFile(folders, move, { above, name });
    return above;
  } finally {
    above.close();
  }
}

/** The folder that was made goes again when the file does not come. */
function moveFile(folders: OwnFolders, move: Move, { above, name }: { above: HeldFolder; name: string }): void {
  try {
    const from = move.stages.hold();
    try {
      moveHeld(from, move, folders.holdIn(above, name));
    } finally {
      from.close();
    }
  } catch (error) {
    rmdirSync(`${above.path}/${name}`);
    throw error;
  }
}

function moveHeld(from: HeldFolder, { id, path }: Move, to: HeldFolder): void {
  try {
    renameSync(`${from.path}/${id}`, `${to.path}/${basename(path)}`);
  } finally {
    to.close();
  }
}
