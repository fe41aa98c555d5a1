import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createEmpty, isMissing, NEW_FILE, OWN_FILE, removeEmpty, unlessMissing } from './files.ts';
import { type HeldFolder, within } from './folder/heldFolder.ts';
import type { OwnFolders } from './ownFolders.ts';
import { isOwnerAlive } from './stageName.ts';

/** Name of the folder of stages below that of the store. */
export const STAGES = '.stage';

const IDLE_MS = 500;
const CLAIM_TRIES = 1000;

/** Makes a stage: its path, how it is opened, and the device it lies on, null where the system does not show it. */
type StageWork<Result> = (path: string, flag: number, device: number | null) => Promise<Result>;

/** The folder in which bodies grow. It goes when nobody uses it; several processes share it. */
export class StageFolder {
  readonly #folders: OwnFolders;
  readonly #folder: string;
  readonly #fileMode: number;
  #active = 0;
  #tidying: NodeJS.Timeout | null = null;

  constructor(root: string, folders: OwnFolders, fileMode: number) {
    this.#folders = folders;
    this.#folder = join(root, STAGES);
    this.#fileMode = fileMode;
  }

  /** Names of stages are never given twice: once they are ours in this folder, no other one is theirs. */
  hold(): HeldFolder {
    return this.#folders.holdAsOpened(this.#folder);
  }

  /** Makes a stage by `work`, although the folder may go between its making and its use here; leaves none where that throws. */
  async add<Result>(id: string, work: StageWork<Result>): Promise<Result> {
    this.#active += 1;
    try {
      return await this.#make(id, work);
    } catch (error) {
      // Not waited for: where the disk hangs this may too.
      const gone = this.#unlink(id).catch(() => false);
      void gone.finally(() => this.left());
      throw error;
    }
  }

  async #make<Result>(id: string, work: StageWork<Result>): Promise<Result> {
    try {
      return await workIn(this.hold(), id, work, NEW_FILE);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return workIn(this.#claim(id), id, work, OWN_FILE);
  }

  /** Idempotent. */
  async drop(id: string): Promise<void> {
    if (await this.#unlink(id)) this.left();
  }

  /** Those that no living process can still own. Answers how many. */
  async dropAbandoned(olderThanMs: number): Promise<number> {
    const folder = this.#folders.holdIfThere(this.#folder);
    if (!folder) return 0;
    const dropped = await within(folder, async (path) => {
      const entries = (await unlessMissing(readdir(path, { withFileTypes: true }))) ?? [];
      const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
      return Promise.all(names.map((name) => dropOne(path, name, olderThanMs)));
    });
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

  /** false: it was not there. */
  async #unlink(id: string): Promise<boolean> {
    const folder = this.#folders.holdIfThere(this.#folder);
    if (!folder) return false;
    return within(folder, async (path) => (await unlessMissing(unlink(join(path, id)).then(() => true))) ?? false);
  }

  /**
   * The folder with an empty file in it, although others remove the folder whenever they find it empty. Synchronously: the file
   * must follow before they look.
   */
  #claim(id: string): HeldFolder {
    for (let tried = 1; ; tried++) {
      try {
        return this.#tryClaim(id);
      } catch (error) {
        if (!isMissing(error) || tried === CLAIM_TRIES) throw error;
      }
    }
  }

  #tryClaim(id: string): HeldFolder {
    const folder = this.#folders.holdOrCreate(this.#folder);
    try {
      createEmpty(join(folder.path, id), this.#fileMode);
      return folder;
    } catch (error) {
      folder.close();
      throw error;
    }
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

async function workIn<Result>(folder: HeldFolder, id: string, work: StageWork<Result>, flag: number): Promise<Result> {
  try {
    return await work(`${folder.path}/${id}`, flag, folder.device);
  } finally {
    folder.close();
  }
}

async function dropOne(folder: string, name: string, olderThanMs: number): Promise<boolean> {
  const alive = isOwnerAlive(name);
  if (alive === true) return false;
  const path = join(folder, name);
  const found = await unlessMissing(lstat(path));
  if (!found || (alive === null && Date.now() - found.mtimeMs < olderThanMs)) return false;
  await unlessMissing(unlink(path));
  return true;
}
