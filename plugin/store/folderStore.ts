import { constants, lstat, mkdir, open, readdir, realpath, stat, statfs, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { ArchiveStore, ByteRange, Stage, StageRef, StoredBytes } from './ArchiveStore.ts';
import { isMissing, linkNew, removeEmpty, unlessMissing } from './files.ts';
import { FolderStage } from './folderStage.ts';
import { isOwnerAlive, newStageName } from './stageOwner.ts';
import { checkKey, storeFailed } from './storeFailed.ts';

export interface FolderSettings {
  readonly folder: string;
  /** Wait until the disk has the bytes; only a benchmark may do without. Default: true. */
  readonly durable?: boolean;
}

const IDLE_MS = 500;

/**
 * Copies as plain files below a folder: `archive/…`, and while working `.stage/`. A stage is written and flushed, then
 * linked under its key, which fails when the key is taken, and unlinked: no reader ever sees half a file.
 */
export class FolderStore implements ArchiveStore {
  readonly name = 'folder';
  readonly #folder: string;
  readonly #stages: string;
  readonly #durable: boolean;
  #active = 0;
  #tidying: NodeJS.Timeout | null = null;

  constructor({ folder, durable = true }: FolderSettings) {
    this.#folder = resolve(folder);
    this.#stages = join(this.#folder, '.stage');
    this.#durable = durable;
  }

  open(): Promise<void> {
    return this.#guard('opening it', async () => {
      await mkdir(join(this.#folder, 'archive'), { recursive: true });
      const probe = await this.stageWhole('archive/probe', new Uint8Array([1]), {});
      await this.discard(probe);
    });
  }

  stage(key: string, _about?: object): Promise<Stage> {
    return this.#guard('opening a stage', async () => {
      checkKey(key);
      const id = newStageName();
      this.#enter();
      const file = await this.#inStages(() => open(join(this.#stages, id), 'wx'));
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
      const path = join(this.#stages, id);
      await this.#inStages(() => writeFile(path, body, { flag: 'wx', flush: this.#durable }));
      return { id, key, bytes: body.length };
    });
  }

  keep({ id, key }: StageRef): Promise<'kept' | 'exists'> {
    return this.#guard('keeping a copy', async () => {
      const path = this.#path(key);
      const created = await mkdir(dirname(path), { recursive: true });
      if (!(await linkNew(join(this.#stages, id), path))) return 'exists';
      if (this.#durable) await this.#flushFolders(dirname(path), created ?? dirname(path));
      await this.#drop(id);
      return 'kept';
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

  /** The folder of stages goes when nobody works, also by another process between two steps of ours. */
  async #inStages<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!isMissing(error)) throw error;
      await mkdir(this.#stages, { recursive: true });
      return work();
    }
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
    this.#active = Math.max(0, this.#active - 1);
    this.#tidyLater();
  }

  #enter(): void {
    this.#active += 1;
  }

  #tidyLater(): void {
    if (this.#active > 0 || this.#tidying) return;
    this.#tidying = setTimeout(() => {
      this.#tidying = null;
      if (this.#active === 0) void removeEmpty(this.#stages);
    }, IDLE_MS);
    this.#tidying.unref();
  }

  /** A new name is only safe when the folder that holds it is on the disk too, and so on up to the first old folder. */
  async #flushFolders(folder: string, firstCreated: string): Promise<void> {
    for (let path = folder; ; path = dirname(path)) {
      const handle = await open(path, 'r');
      await handle.sync().finally(() => handle.close());
      if (path === dirname(firstCreated) || path === this.#folder) return;
    }
  }
}
