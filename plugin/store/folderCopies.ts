import type { Dirent } from 'node:fs';
import { constants, lstat, open, readdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { ByteRange, StoredBytes } from './ArchiveStore.ts';
import { unlessMissing } from './files.ts';
import { within } from './folder/heldFolder.ts';
import type { OwnFolders } from './ownFolders.ts';
import { keysWhere } from './presentKeys.ts';
import { checkKey } from './storeFailed.ts';

/** Where the copy of a key lies below the folder of a store. */
export function pathOf(folder: string, key: string): string {
  const path = checkKey(key);
  return sep === '/' && folder !== '/' ? `${folder}/${path}` : join(folder, ...path.split('/'));
}

/** The copies that lie in a folder, as they are read; nothing behind a symbolic link is one. */
export class FolderCopies {
  readonly #folder: string;
  readonly #folders: OwnFolders;

  constructor(folder: string, folders: OwnFolders) {
    this.#folder = folder;
    this.#folders = folders;
  }

  async read(key: string, range: ByteRange | null): Promise<StoredBytes | null> {
    const path = await this.#realPath(key);
    const file = path === null ? null : await unlessMissing(open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
    if (!file) return null;
    const found = await file.stat();
    if (path === null || !found.isFile() || !this.#folders.isOpenAt(file.fd, path)) {
      await file.close();
      return null;
    }
    const stream = file.createReadStream(range ? { start: range.start, end: range.end } : {});
    return { bytes: found.size, stream };
  }

  /** null when there is no such key. */
  size(key: string): Promise<number | null> {
    return this.#sizeOf(key);
  }

  async hasMany(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const root = await realpath(this.#folder);
    return keysWhere(keys.map(checkKey), async (key) => (await this.#sizeOf(key, root)) !== null);
  }

  /** What lies right below a prefix, which ends with `/`. */
  async entries(prefix: string): Promise<readonly Dirent[]> {
    const isRoot = prefix === 'archive/';
    const folder = isRoot ? join(this.#folder, 'archive') : pathOf(this.#folder, prefix.replace(/\/$/, ''));
    const held = this.#folders.holdIfThere(folder);
    return held ? within(held, (path) => readdir(path, { withFileTypes: true })) : [];
  }

  /** null where nothing is, or where a symbolic link stands on the way: somebody else put it there, and it may lead anywhere. */
  async #realPath(key: string, knownRoot?: string): Promise<string | null> {
    const path = pathOf(this.#folder, key);
    const [root, real] = await Promise.all([knownRoot ?? realpath(this.#folder), unlessMissing(realpath(path))]);
    return real === join(root, relative(this.#folder, path)) ? path : null;
  }

  async #sizeOf(key: string, root?: string): Promise<number | null> {
    const path = await this.#realPath(key, root);
    const found = path === null ? null : await unlessMissing(lstat(path));
    return found?.isFile() ? found.size : null;
  }
}
