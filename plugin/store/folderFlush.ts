import { open } from 'node:fs/promises';

/**
 * Puts the entries of folders on the disk. A caller that comes while a folder is being flushed shares the next flush with all
 * others who ask meanwhile: thousands of copies of one second wait for few flushes, and each for one that began after it.
 */
export class FolderFlush {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  flush(folder: string): Promise<void> {
    const waiting = this.#next.get(folder);
    if (waiting) return waiting;
    const before = this.#running.get(folder) ?? Promise.resolve();
    const next = before.catch(() => undefined).then(() => this.#start(folder));
    this.#next.set(folder, next);
    return next;
  }

  #start(folder: string): Promise<void> {
    this.#next.delete(folder);
    const flushed = flushFolder(folder).finally(() => {
      if (this.#running.get(folder) === flushed) this.#running.delete(folder);
    });
    this.#running.set(folder, flushed);
    return flushed;
  }
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
