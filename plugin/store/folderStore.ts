import { constants, lstat, mkdir, open, readdir, realpath, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { StageRef } from '../model/stage.ts';
import type { ArchiveStore, ByteRange, Stage, StoredBytes } from './ArchiveStore.ts';
import {
  createExclusive,
  createWithFolder,
  isMissing,
  moveIntoFolder,
  removeEmpty,
  unlessMissing,
  writeWhole,
} from './files.ts';
import { FolderFlush } from './folderFlush.ts';
import { FolderStage } from './folderStage.ts';
import { isOwnerAlive, newStageName } from './stageName.ts';
import { checkKey, storeFailed } from './storeFailed.ts';

/** Settings of the folder store. */
export interface FolderSettings {
  readonly folder: string;
  /**
   * Wait until the disk has the bytes; only a benchmark may do without. Default: true. Without the waiting small files
   * are written synchronously: a hop to another thread would take longer than the work.
   */
  readonly durable?: boolean;
}

const IDLE_MS = 500;

/**
 * Copies as plain files below a folder: `archive/…`, and while working `.stage/`. A folder holds one copy, so the folder
 * of a key is the claim to it.
 *
 * What a crash leaves, step by step: (1) the stage is written and flushed: a stage that `dropStages` finds; (2) the
 * folder of the key is made, which fails when it is taken: an empty folder, and a key that nobody takes any more; (3) the
 * stage is renamed into it, flushed bytes under their name: no reader ever sees half a file; (4) every folder up to
 * `archive` is flushed, also those that somebody else made a moment ago and has not flushed yet. Only then is it committed;
 * without (4) a power cut may undo (2) and (3) together, which is why the record comes after.
 */
export class FolderStore implements ArchiveStore {
  readonly name = 'folder';
  readonly #folder: string;
  readonly #stages: string;
  readonly #durable: boolean;
  readonly #flush = new FolderFlush();
  #active = 0;
  #tidying: NodeJS.Timeout | null = null;

  constructor({ folder, durable = true }: FolderSettings) {
    this.#folder = resolve(folder);
    this.#stages = join(this.#folder, '.stage');
    this.#durable = durable;
  }

  open(): Promise<void> {
    return this.#guard('opening it', async () => {
      const made = await mkdir(join(this.#folder, 'archive'), { recursive: true });
      if (this.#durable && made) await this.#flushFolders(this.#folder, dirname(made));
      const probe = await this.stageWhole('archive/probe', new Uint8Array([1]), {});
      await this.discard(probe);
    });
  }

  stage(key: string, _about?: object): Promise<Stage> {
    return this.#guard('opening a stage', async () => {
      checkKey(key);
      const id = newStageName();
      this.#enter();
      const file = await this.#inStages(id, (path, flag) => open(path, flag));
      return new FolderStage({
        id,
        key,
        file,
        durable: this.#durable,
        guard: this.#guard,
        abandon: () => this.#drop(id),
      });
    });
  }

  stageWhole(key: string, body: Uint8Array, _about: object): Promise<StageRef> {
    return this.#guard('writing a stage', async () => {
      checkKey(key);
      const id = newStageName();
      this.#enter();
      await this.#inStages(id, (path, flag) => writeWhole(path, body, { flag, durable: this.#durable }));
      return { id, key, bytes: body.length };
    });
  }

  commit({ id, key }: StageRef): Promise<'committed' | 'exists'> {
    return this.#guard('committing a copy', async () => {
      const path = this.#path(key);
      if (!createExclusive(dirname(path))) return 'exists';
      moveIntoFolder(join(this.#stages, id), path);
      if (this.#durable) await this.#flushFolders(dirname(path), join(this.#folder, 'archive'));
      this.#left();
      return 'committed';
    });
  }

  discard({ id }: StageRef): Promise<void> {
    return this.#guard('discarding a stage', () => this.#drop(id));
  }

  read(key: string, range: ByteRange | null): Promise<StoredBytes | null> {
    return this.#guard('reading a copy', async () => {
      const path = await this.#realPath(key);
      const file = path === null ? null : await unlessMissing(open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
      if (!file) return null;
      const found = await file.stat();
      if (!found.isFile()) {
        await file.close();
        return null;
      }
      const stream = file.createReadStream(range ? { start: range.start, end: range.end } : {});
      return { bytes: found.size, stream };
    });
  }

  size(key: string): Promise<number | null> {
    return this.#guard('looking at a copy', async () => {
      const path = await this.#realPath(key);
      const found = path === null ? null : await unlessMissing(lstat(path));
      return found?.isFile() ? found.size : null;
    });
  }

  async *list(prefix: string): AsyncIterable<string> {
    const folder = prefix === 'archive/' ? join(this.#folder, 'archive') : this.#path(prefix.replace(/\/$/, ''));
    const entries = await this.#guard('listing copies', () => unlessMissing(readdir(folder, { withFileTypes: true })));
    for (const entry of entries ?? []) {
      const key = `${prefix}${entry.name}`;
      if (entry.isDirectory()) yield* this.list(`${key}/`);
      else if (entry.isFile()) yield key;
    }
  }

  remove(key: string): Promise<void> {
    return this.#guard('removing a copy', async () => {
      const path = this.#path(key);
      await unlessMissing(unlink(path));
      const archive = join(this.#folder, 'archive');
      for (
        let folder = dirname(path);
        folder !== archive && folder.startsWith(archive + sep);
        folder = dirname(folder)
      ) {
        if (!(await removeEmpty(folder))) return;
      }
    });
  }

  dropStages(olderThanMs: number): Promise<number> {
    return this.#guard('dropping stages', async () => {
      const names = (await unlessMissing(readdir(this.#stages))) ?? [];
      const dropped = await Promise.all(names.map((name) => this.#dropAbandoned(name, olderThanMs)));
      this.#tidyLater();
      return dropped.filter(Boolean).length;
    });
  }

  freeBytes(): Promise<number | null> {
    return this.#guard('measuring free space', async () => {
      const { bavail, bsize } = await statfs(this.#folder);
      return bavail * bsize;
    });
  }

  async close(): Promise<void> {
    if (this.#tidying) clearTimeout(this.#tidying);
    await removeEmpty(this.#stages);
  }

  #path(key: string): string {
    return join(this.#folder, ...checkKey(key).split('/'));
  }

  /** null where nothing is, or where a symbolic link stands on the way: somebody else put it there, and it may lead anywhere. */
  async #realPath(key: string): Promise<string | null> {
    const path = this.#path(key);
    const [root, real] = await Promise.all([realpath(this.#folder), unlessMissing(realpath(path))]);
    return real === join(root, relative(this.#folder, path)) ? path : null;
  }

  readonly #guard = async <Result>(doing: string, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw storeFailed(doing, this.#folder, error);
    }
  };

  /** The folder of stages goes when nobody uses it, which may be between its making and its use here. */
  async #inStages<Result>(id: string, work: (path: string, flag: 'wx' | 'w') => Promise<Result>): Promise<Result> {
    const path = join(this.#stages, id);
    try {
      return await work(path, 'wx');
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    createWithFolder(this.#stages, path);
    return work(path, 'w');
  }

  async #dropAbandoned(name: string, olderThanMs: number): Promise<boolean> {
    const alive = isOwnerAlive(name);
    if (alive === true) return false;
    const path = join(this.#stages, name);
    const found = await unlessMissing(stat(path));
    if (!found || (alive === null && Date.now() - found.mtimeMs < olderThanMs)) return false;
    await unlessMissing(unlink(path));
    return true;
  }

  async #drop(id: string): Promise<void> {
    if ((await unlessMissing(unlink(join(this.#stages, id)).then(() => true))) === null) return;
    this.#left();
  }

  #enter(): void {
    this.#active += 1;
  }

  #left(): void {
    this.#active = Math.max(0, this.#active - 1);
    this.#tidyLater();
  }

  #tidyLater(): void {
    if (this.#active > 0 || this.#tidying) return;
    this.#tidying = setTimeout(() => {
      this.#tidying = null;
      if (this.#active === 0) void removeEmpty(this.#stages);
    }, IDLE_MS);
    this.#tidying.unref();
  }

  /** A new name is only safe when the folder that holds it is on the disk too, and so on up to `last`. */
  async #flushFolders(folder: string, last: string): Promise<void> {
    const flushes = [this.#flush.flush(folder)];
    for (let path = folder; path !== last; ) {
      path = dirname(path);
      flushes.push(this.#flush.flush(path));
    }
    await Promise.all(flushes);
  }
}
