import { closeSync, constants, fchmodSync, mkdirSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { codeOf } from '../errors.ts';
import { createFolders, type FileRights, isMissing, refuseLinks } from './files.ts';
import { HAS_OPEN_FILES, type HeldFolder, KeptFolder, named, OpenFolder, pathOfOpen } from './folder/heldFolder.ts';

/** The stages, and the folders of the newest seconds. */
const MOST_KEPT = 4;

const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);
const OWN_FOLDER = FOLDER | (constants.O_NOFOLLOW ?? 0);

/**
 * Folders below a root, which may itself be reached by a symbolic link, none behind one: a process that can put a link in the place of a
 * folder, also while we work in it, moves nothing of ours elsewhere. Where the system shows no open files the way is looked at
 * just before. Synchronously: what only opens a folder takes less time than a hop to another thread.
 */
export class OwnFolders {
  readonly #root: string;
  readonly #rights: FileRights;
  /** Those that were used last; each is looked at again before it is used. */
  readonly #kept = new Map<string, KeptFolder>();
  #realRoot: string | null = null;

  constructor(root: string, rights: FileRights) {
    this.#root = root;
    this.#rights = rights;
  }

  /** Throws when a link stands on the way, and ENOENT when it is not there. */
  hold(folder: string): HeldFolder {
    if (!HAS_OPEN_FILES) {
      refuseLinks(this.#root, join(folder, 'any'));
      return named(folder);
    }
    const kept = this.#kept.get(folder);
    if (kept?.isWhereItWas()) return kept.hold();
    this.#forget(folder);
    const descriptor = this.#open(folder);
    const realPath = this.#realPathAt(descriptor, folder);
    if (realPath === null) {
      closeSync(descriptor);
      refuseLinks(this.#root, join(folder, 'any'));
      throw Object.assign(new Error(`${folder} was replaced meanwhile`), { code: 'ENOENT' });
    }
    return this.#keep(folder, new KeptFolder(descriptor, realPath)).hold();
  }

  /**
   * As {@link hold}, but for a folder that is kept open not looked at again: for names that nobody else makes or looks for, it
   * is the same folder wherever it is by now, and never what was put in its place. Where it was removed, the work says ENOENT.
   */
  holdAsOpened(folder: string): HeldFolder {
    return this.#kept.get(folder)?.hold() ?? this.hold(folder);
  }

  /** Right in a folder that is held, and no link. */
  holdIn(parent: HeldFolder, name: string): HeldFolder {
    const path = `${parent.path}/${name}`;
    if (!HAS_OPEN_FILES) return named(path);
    return new OpenFolder(openSync(path, OWN_FOLDER), parent.device);
  }

  /** Lets go of what is kept open; what is held is closed by its holder. */
  close(): void {
    for (const folder of [...this.#kept.keys()]) this.#forget(folder);
  }

  /** null: it is not there. */
  holdIfThere(folder: string): HeldFolder | null {
    try {
      return this.hold(folder);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Makes it, and what is missing above it. */
  holdOrCreate(folder: string): HeldFolder {
    try {
      return this.hold(folder);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    if (folder === this.#root) createFolders(folder, this.#rights);
    else this.#create(folder);
    return this.hold(folder);
  }

  /** false: something stands there already. `parent` is there. */
  createIn(parent: HeldFolder, name: string): boolean {
    const { folderMode, isShared } = this.#rights;
    const path = `${parent.path}/${name}`;
    try {
      mkdirSync(path, folderMode);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
    if (isShared) changeMode(path, folderMode);
    return true;
  }

  /** Whether an open file is the one that `path` names, no link on the way. */
  isOpenAt(descriptor: number, path: string): boolean {
    return !HAS_OPEN_FILES || this.#realPathAt(descriptor, path) !== null;
  }

  #keep(folder: string, opened: KeptFolder): KeptFolder {
    this.#kept.set(folder, opened);
    const [oldest = ''] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT) this.#forget(oldest);
    return opened;
  }

  #forget(folder: string): void {
    this.#kept.get(folder)?.drop();
    this.#kept.delete(folder);
  }

  #create(folder: string): void {
    const parent = this.holdOrCreate(dirname(folder));
    try {
      this.createIn(parent, basename(folder));
    } finally {
      parent.close();
    }
  }

  #open(folder: string): number {
    if (folder === this.#root) return openSync(folder, FOLDER);
    try {
      return openSync(folder, OWN_FOLDER);
    } catch (error) {
      // A link is no folder either.
      if (codeOf(error) !== 'ENOENT') refuseLinks(this.#root, join(folder, 'any'));
      throw error;
    }
  }

  /** null: it is not what `path` names, or a link stands on the way. */
  #realPathAt(descriptor: number, path: string): string | null {
    const real = readlinkSync(pathOfOpen(descriptor));
    const below = relative(this.#root, path);
    if (this.#realRoot !== null && real === join(this.#realRoot, below)) return real;
    this.#realRoot = realpathSync(this.#root);
    return real === join(this.#realRoot, below) ? real : null;
  }
}

/** Of a folder that was made a moment ago, not of what a link in its place leads to. */
function changeMode(folder: string, mode: number): void {
  const descriptor = openSync(folder, OWN_FOLDER);
  try {
    fchmodSync(descriptor, mode);
  } finally {
    closeSync(descriptor);
  }
}
