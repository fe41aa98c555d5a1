import { closeSync, constants, existsSync, fchmodSync, mkdirSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { codeOf } from '../errors.ts';
import { createFolders, type FileRights, isMissing, refuseLinks } from './files.ts';

/** Where Linux shows what a process has open: a path through it leads into the open folder, whatever stands at its name by now. */
const OPEN_FILES = '/proc/self/fd';
const HAS_OPEN_FILES = process.platform === 'linux' && existsSync(OPEN_FILES);

/** The stages, and the folders of the newest seconds. */
const MOST_KEPT = 4;

const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);
const OWN_FOLDER = FOLDER | (constants.O_NOFOLLOW ?? 0);

/** A folder of the store that is held open. What is done below `path` happens in this folder. */
export interface HeldFolder {
  readonly path: string;
  close(): void;
}

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
      return { path: folder, close: () => undefined };
    }
    const kept = this.#kept.get(folder);
    if (kept && this.#isAt(kept.descriptor, folder)) return kept.hold();
    this.#forget(folder);
    const opened = new KeptFolder(this.#open(folder));
    if (!this.#isAt(opened.descriptor, folder)) {
      opened.drop();
      refuseLinks(this.#root, join(folder, 'any'));
      throw Object.assign(new Error(`${folder} was replaced meanwhile`), { code: 'ENOENT' });
    }
    this.#keep(folder, opened);
    return opened.hold();
  }

  /** Right in a folder that is held, and no link. */
  holdIn(parent: HeldFolder, name: string): HeldFolder {
    const path = join(parent.path, name);
    if (!HAS_OPEN_FILES) return { path, close: () => undefined };
    const opened = new KeptFolder(openSync(path, OWN_FOLDER));
    const folder = opened.hold();
    opened.drop();
    return folder;
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
    const path = join(parent.path, name);
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
    return !HAS_OPEN_FILES || this.#isAt(descriptor, path);
  }

  #keep(folder: string, opened: KeptFolder): void {
    this.#kept.set(folder, opened);
    const [oldest = ''] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT) this.#forget(oldest);
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

  #isAt(descriptor: number, path: string): boolean {
    const real = readlinkSync(`${OPEN_FILES}/${descriptor}`);
    if (this.#realRoot !== null && real === join(this.#realRoot, relative(this.#root, path))) return true;
    this.#realRoot = realpathSync(this.#root);
    return real === join(this.#realRoot, relative(this.#root, path));
  }
}

/** Held until the work, which takes its path, has ended. */
export async function within<Result>(folder: HeldFolder, work: (path: string) => Promise<Result>): Promise<Result> {
  try {
    return await work(folder.path);
  } finally {
    folder.close();
  }
}

/** An open folder that several may hold; it is closed when it is dropped and nobody holds it. */
class KeptFolder {
  readonly descriptor: number;
  #holders = 0;
  #isDropped = false;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  hold(): HeldFolder {
    this.#holders += 1;
    return { path: `${OPEN_FILES}/${this.descriptor}`, close: () => this.#release() };
  }

  drop(): void {
    this.#isDropped = true;
    if (this.#holders === 0) closeSync(this.descriptor);
  }

  #release(): void {
    this.#holders -= 1;
    if (this.#isDropped && this.#holders === 0) closeSync(this.descriptor);
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
