import { fstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ArchiverError } from '../../errors.ts';
import type { Logger } from '../../model/logger.ts';
import { BoundedWaits } from './boundedWaits.ts';
import { type FileSystem, openFileSystem, type Unsuitable } from './fileSystem.ts';
import { flushFile } from './flushFile.ts';
import { FolderFlush } from './folderFlush.ts';
import { GroupFlush, type GroupFlushOptions } from './groupFlush.ts';

/** `file`: each by itself; `group`: many by one flush of the file system; `auto`: in groups where that can be done. */
export type FlushMode = 'auto' | 'group' | 'file';

/** How a folder is flushed. */
export interface DiskFlushDeps extends GroupFlushOptions {
  readonly folder: string;
  readonly mode: FlushMode;
  /** Told what holds less firmly here than elsewhere. */
  readonly logger?: Pick<Logger, 'warn'> | undefined;
  readonly openFileSystem?: (folder: string) => Promise<FileSystem | Unsuitable>;
  /** Puts one open file on the disk. */
  readonly flushFile?: (file: { readonly fd: number }) => Promise<void>;
  /** A flush that takes longer is taken for one that never ends. */
  readonly hangMs?: number;
}

const HANG_MS = 60_000;

const FOLDERS_CANNOT =
  'folders of this file system cannot be flushed: after a power cut the newest copies may be missing, and are fetched again';
const GROUPS_CANNOT = 'copies are flushed one by one: this folder cannot be flushed in groups';

/** Puts on the disk what was written in one folder: by groups or by itself, and never for longer than a bound. */
export class DiskFlush {
  readonly #deps: DiskFlushDeps;
  readonly #folders: FolderFlush;
  readonly #waits = new BoundedWaits();
  #group: GroupFlush | null = null;
  #opening: Promise<void> | null = null;
  #isClosed = false;
  /** Flushes that have taken too long and still go on. */
  #hanging = 0;

  constructor(deps: DiskFlushDeps) {
    this.#deps = deps;
    this.#folders = new FolderFlush((folder, code) => deps.logger?.warn({ folder, code }, FOLDERS_CANNOT));
  }

  /** The folder is there. Throws where only groups will do and cannot be had. */
  async open(): Promise<void> {
    if (this.#deps.mode === 'group') await this.#open();
  }

  /**
   * Before something is written: throws while flushes hang, so that no more are begun. Answers whether what is written and
   * flushed in this very turn shares its flush with others; the first writers do not.
   */
  begin(): { readonly isGrouped: boolean } {
    if (this.#hanging > 0) throw this.#hangs();
    if (this.#deps.mode !== 'file') void this.#open().catch(() => undefined);
    return { isGrouped: this.#group !== null };
  }

  /**
   * Of a file that is open since before it was written: else it would not hear of what was lost. `device`: where it lies, for
   * who knows it.
   */
  file(descriptor: number, device: number | null = null): Promise<void> {
    const { flushFile: flush = flushFile } = this.#deps;
    return this.#flush(device ?? fstatSync(descriptor).dev, () => flush({ fd: descriptor }));
  }

  /**
   * The entries of a folder and of those above it, up to `last`: a new name is only safe when they all are. `device`: where they
   * lie, for who knows it.
   */
  folders(folder: string, last: string, device: number | null = null): Promise<void> {
    return this.#flush(device ?? statSync(folder).dev, async () => {
      const flushes = [this.#folders.flush(folder)];
      for (let path = folder; path !== last; ) {
        path = dirname(path);
        flushes.push(this.#folders.flush(path));
      }
      await Promise.all(flushes);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#group?.close();
    this.#group = null;
  }

  /** `alone` puts the caller's files on the disk and nothing else. */
  #flush(device: number, alone: () => Promise<void>): Promise<void> {
    const group = this.#group;
    return this.#bounded(group?.reaches(device) ? group.flush(alone) : alone());
  }

  #open(): Promise<void> {
    this.#opening ??= this.#openGroup();
    return this.#opening;
  }

  async #openGroup(): Promise<void> {
    const { folder, mode, logger, ...options } = this.#deps;
    const found = await (options.openFileSystem ?? openFileSystem)(folder);
    if ('flush' in found) {
      const group = new GroupFlush(found, options);
      if (this.#isClosed) group.close();
      else this.#group = group;
    } else if (mode === 'group') {
      throw new ArchiverError('store-failed', `The folder ${folder} cannot be flushed in groups: ${found.reason}.`);
    } else if (found.isInstalled) {
      logger?.warn({ folder, reason: found.reason }, GROUPS_CANNOT);
    }
  }

  #bounded(flush: Promise<void>): Promise<void> {
    return this.#waits.bounded(flush, this.#hangMs, (late) => {
      this.#hanging += 1;
      const ended = () => {
        this.#hanging -= 1;
      };
      late.then(ended, ended);
      return this.#hangs();
    });
  }

  get #hangMs(): number {
    return this.#deps.hangMs ?? HANG_MS;
  }

  #hangs(): Error {
    return new Error('the disk does not answer: a flush does not end');
  }
}
