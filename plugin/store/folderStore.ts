import { access, constants, open, statfs, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { Logger } from '../model/logger.ts';
import type { StageRef } from '../model/stage.ts';
import type { ArchiveStore, ByteRange, Stage, StoredBytes } from './ArchiveStore.ts';
import { createFolders, type FileRights, refuseLinks, removeEmpty, unlessMissing, writeWhole } from './files.ts';
import { DiskFlush, type FlushMode } from './flush/diskFlush.ts';
import { within } from './folder/heldFolder.ts';
import { FolderCopies, pathOf } from './folderCopies.ts';
import { FolderStage } from './folderStage.ts';
import { dropMark, readMarks, writeMark } from './mark/markFile.ts';
import { moveIntoOwnFolder } from './moveIntoOwnFolder.ts';
import { OwnFolders } from './ownFolders.ts';
import { STAGES, StageFolder } from './stageFolder.ts';
import { newStageName } from './stageName.ts';
import { checkKey, storeFailed } from './storeFailed.ts';

/** Settings of the folder store. */
export interface FolderSettings {
  readonly folder: string;
  /**
   * Wait until the disk has the bytes; only a benchmark may do without. Default: true. Without the waiting small files
   * are written synchronously: a hop to another thread would take longer than the work.
   */
  readonly durable?: boolean;
  /** Default: `auto`. */
  readonly flush?: FlushMode;
  /** `owner` (the default): nobody else reads or writes. `group`: the group of the folder may do both. */
  readonly access?: 'owner' | 'group';
  /** Told what holds less firmly here than elsewhere. */
  readonly logger?: Pick<Logger, 'warn'>;
}

const RIGHTS: Readonly<Record<'owner' | 'group', FileRights>> = {
  owner: { folderMode: 0o700, fileMode: 0o600, isShared: false },
  // What is made below belongs to the folder's group too.
  group: { folderMode: 0o2770, fileMode: 0o660, isShared: true },
};

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
  readonly #archive: string;
  readonly #folders: OwnFolders;
  readonly #stages: StageFolder;
  readonly #copies: FolderCopies;
  readonly #rights: FileRights;
  /** null: nothing waits for the disk. */
  readonly #disk: DiskFlush | null;
  /** Stages that lie under their key and whose folders are not flushed yet, and the device they lie on, where the system shows it. */
  readonly #moved = new Map<string, number | null>();

  constructor({ folder, durable = true, access = 'owner', flush = 'auto', logger }: FolderSettings, disk?: DiskFlush) {
    this.#folder = resolve(folder);
    this.#archive = join(this.#folder, 'archive');
    this.#disk = durable ? (disk ?? new DiskFlush({ folder: this.#folder, mode: flush, logger })) : null;
    this.#rights = RIGHTS[access];
    this.#folders = new OwnFolders(this.#folder, this.#rights);
    this.#stages = new StageFolder(this.#folder, this.#folders, this.#rights.fileMode);
    this.#copies = new FolderCopies(this.#folder, this.#folders);
  }

  get places(): readonly string[] {
    return [this.#folder];
  }

  open(): Promise<void> {
    return this.#guard('opening it', async () => {
      const made = createFolders(this.#archive, this.#rights);
      await this.#disk?.folders(this.#folder, made ? dirname(made) : this.#folder);
      await this.#disk?.open();
      await this.probe();
    });
  }

  /** A stage is written; that `archive` may be written is looked up, not tried: its folders are made with the copies. */
  probe(): Promise<void> {
    return this.#guard('trying whether it takes bytes', async () => {
      await this.discard(await this.stageWhole('archive/probe', new Uint8Array([1]), {}));
      await access(this.#archive, constants.W_OK | constants.X_OK);
    });
  }

  stage(key: string, _about?: object): Promise<Stage> {
    return this.#guard('opening a stage', async () => {
      checkKey(key);
      const id = newStageName();
      const file = await this.#stages.add(id, (path, flag) => open(path, flag, this.#rights.fileMode));
      if (this.#rights.isShared) await file.chmod(this.#rights.fileMode);
      return new FolderStage({
        id,
        key,
        file,
        durable: this.#disk !== null,
        guard: this.#guard,
        abandon: () => this.#stages.drop(id),
      });
    });
  }

  stageWhole(key: string, body: Uint8Array, _about: object): Promise<StageRef> {
    return this.#guard('writing a stage', async () => {
      checkKey(key);
      const id = newStageName();
      await this.#stages.add(id, (path, flag, device) =>
        writeWhole(path, body, { flag, disk: this.#disk, rights: this.#rights, device }),
      );
      return { id, key, bytes: body.length };
    });
  }

  /** Where the folders could not be flushed it may be called again, and flushes them again. */
  commit({ id, key }: StageRef): Promise<'committed' | 'exists'> {
    return this.#guard('committing a copy', async () => {
      const path = this.#path(key);
      let device = this.#moved.get(id);
      if (device === undefined) {
        const moved = moveIntoOwnFolder(this.#folders, { stages: this.#stages, id, path });
        if (moved === 'taken') return 'exists';
        device = moved.device;
        this.#stages.left();
        this.#moved.set(id, device);
      }
      await this.#disk?.folders(dirname(path), this.#archive, device);
      this.#moved.delete(id);
      return 'committed';
    });
  }

  /** What lies under its key already stays: meanwhile another worker may have found it there and recorded it. */
  discard({ id }: StageRef): Promise<void> {
    return this.#guard('discarding a stage', async () => {
      if (!this.#moved.delete(id)) await this.#stages.drop(id);
    });
  }

  read(key: string, range: ByteRange | null): Promise<StoredBytes | null> {
    return this.#guard('reading a copy', () => this.#copies.read(key, range));
  }

  size(key: string): Promise<number | null> {
    return this.#guard('looking at a copy', () => this.#copies.size(key));
  }

  hasMany(keys: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#guard('looking for copies', () => this.#copies.hasMany(keys));
  }

  async *list(prefix: string): AsyncIterable<string> {
    for (const entry of await this.#guard('listing copies', () => this.#copies.entries(prefix))) {
      const key = `${prefix}${entry.name}`;
      if (entry.isDirectory()) yield* this.list(`${key}/`);
      else if (entry.isFile()) yield key;
    }
  }

  remove(key: string): Promise<void> {
    return this.#guard('removing a copy', async () => {
      const path = this.#path(key);
      const folder = this.#folders.holdIfThere(dirname(path));
      if (!folder) return;
      await within(folder, (held) => unlessMissing(unlink(join(held, basename(path)))));
      const archive = this.#archive;
      for (let empty = dirname(path); empty !== archive && empty.startsWith(archive + sep); empty = dirname(empty)) {
        const above = this.#folders.holdIfThere(dirname(empty));
        if (!above || !(await within(above, (held) => removeEmpty(join(held, basename(empty)))))) return;
      }
    });
  }

  dropStages(olderThanMs: number): Promise<number> {
    return this.#guard('dropping stages', () => this.#stages.dropAbandoned(olderThanMs));
  }

  freeBytes(): Promise<number | null> {
    return this.#guard('measuring free space', async () => {
      // A health check learns what would fail the next copy.
      for (const folder of [STAGES, 'archive']) refuseLinks(this.#folder, join(this.#folder, folder, 'any'));
      const { blocks, bavail, bsize } = await statfs(this.#folder);
      // No size at all: a file system without a bound, or one that does not tell.
      return blocks === 0 ? null : bavail * bsize;
    });
  }

  readMarks(): Promise<readonly string[]> {
    return this.#guard('reading whose it is', () => readMarks(this.#folder));
  }

  writeMark(text: string): Promise<void> {
    const how = { disk: this.#disk, rights: this.#rights };
    return this.#guard('noting whose it is', () => writeMark(this.#folder, text, how));
  }

  dropMark(): Promise<void> {
    return this.#guard('dropping whose it is', () => dropMark(this.#folder));
  }

  async close(): Promise<void> {
    await this.#stages.close();
    this.#folders.close();
    this.#disk?.close();
  }

  #path(key: string): string {
    return pathOf(this.#folder, key);
  }

  readonly #guard = async <Result>(doing: string, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw storeFailed(doing, this.#folder, error);
    }
  };
}
