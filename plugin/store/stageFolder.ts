import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createWithFolder,
  type FileRights,
  isMissing,
  NEW_FILE,
  OWN_FILE,
  refuseLinks,
  removeEmpty,
  unlessMissing,
} from './files.ts';
import { isOwnerAlive } from './stageName.ts';

/** Name of the folder of stages below that of the store. */
export const STAGES = '.stage';

const IDLE_MS = 500;

/** The folder in which bodies grow. It goes when nobody uses it; several processes share it. */
export class StageFolder {
  readonly #root: string;
  readonly #folder: string;
  readonly #rights: FileRights;
  #active = 0;
  #tidying: NodeJS.Timeout | null = null;

  constructor(root: string, rights: FileRights) {
    this.#root = root;
    this.#folder = join(root, STAGES);
    this.#rights = rights;
  }

  pathOf(id: string): string {
    return join(this.#folder, id);
  }

  /** Makes a stage by `work`, although the folder may go between its making and its use here. */
  async add<Result>(id: string, work: (path: string, flag: number) => Promise<Result>): Promise<Result> {
    this.#active += 1;
    const path = this.pathOf(id);
    refuseLinks(this.#root, path);
    try {
      return await work(path, NEW_FILE);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    createWithFolder(this.#folder, path, this.#rights);
    return work(path, OWN_FILE);
  }

  /** Idempotent. */
  async drop(id: string): Promise<void> {
    const path = this.pathOf(id);
    refuseLinks(this.#root, path);
    if ((await unlessMissing(unlink(path).then(() => true))) === null) return;
    this.left();
  }

  /** Those that no living process can still own. Answers how many. */
  async dropAbandoned(olderThanMs: number): Promise<number> {
    refuseLinks(this.#root, this.pathOf('any'));
    const entries = (await unlessMissing(readdir(this.#folder, { withFileTypes: true }))) ?? [];
    const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
    const dropped = await Promise.all(names.map((name) => this.#dropOne(name, olderThanMs)));
    this.#tidyLater();
    return dropped.filter(Boolean).length;
  }

  /** A stage is one no more: it was dropped, or became a copy. */
  left(): void {
    this.#active = Math.max(0, this.#active - 1);
    this.#tidyLater();
  }

  async close(): Promise<void> {
    if (this.#tidying) clearTimeout(this.#tidying);
    await removeEmpty(this.#folder);
  }

  async #dropOne(name: string, olderThanMs: number): Promise<boolean> {
    const alive = isOwnerAlive(name);
    if (alive === true) return false;
    const path = this.pathOf(name);
    const found = await unlessMissing(lstat(path));
    if (!found || (alive === null && Date.now() - found.mtimeMs < olderThanMs)) return false;
    await unlessMissing(unlink(path));
    return true;
  }

  #tidyLater(): void {
    if (this.#active > 0 || this.#tidying) return;
    this.#tidying = setTimeout(() => {
      this.#tidying = null;
      if (this.#active === 0) void removeEmpty(this.#folder);
    }, IDLE_MS);
    this.#tidying.unref();
  }
}
