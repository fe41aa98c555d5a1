import { open } from 'node:fs/promises';
import { codeOf } from '../../errors.ts';
import { flushFile } from './flushFile.ts';

/** How network and FUSE file systems and Windows refuse it: a name is on their disk when they say it is there, or never. */
const CANNOT_FLUSH: ReadonlySet<string> = new Set(['EINVAL', 'EPERM', 'ENOTSUP', 'ENOSYS', 'EISDIR', 'EBADF']);

/**
 * Puts the entries of folders on the disk. A caller that comes while a folder is being flushed shares the next flush with all
 * others who ask meanwhile: thousands of copies of one second wait for few flushes, and each for one that began after it.
 */
export class FolderFlush {
  readonly #onCannot: (folder: string, code: string) => void;
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();
  #cannot = false;

  /** `onCannot` is told once of a file system whose folders cannot be flushed; that is no error. */
  constructor(onCannot: (folder: string, code: string) => void = () => undefined) {
    this.#onCannot = onCannot;
  }

  flush(folder: string): Promise<void> {
    if (this.#cannot) return Promise.resolve();
    const waiting = this.#next.get(folder);
    if (waiting) return waiting;
    const before = this.#running.get(folder) ?? Promise.resolve();
    const next = before.catch(() => undefined).then(() => this.#start(folder));
    this.#next.set(folder, next);
    return next;
  }

  #start(folder: string): Promise<void> {
    this.#next.delete(folder);
    const flushed = this.#flushFolder(folder).finally(() => {
      if (this.#running.get(folder) === flushed) this.#running.delete(folder);
    });
    this.#running.set(folder, flushed);
    return flushed;
  }

  async #flushFolder(folder: string): Promise<void> {
    try {
      await flushFolder(folder);
    } catch (error) {
      const code = codeOf(error);
      if (!CANNOT_FLUSH.has(code)) throw error;
      if (!this.#cannot) this.#onCannot(folder, code);
      this.#cannot = true;
    }
  }
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await flushFile(handle).finally(() => handle.close());
}
