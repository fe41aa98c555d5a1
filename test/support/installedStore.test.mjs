import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, link, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ArchiverError } from 'portal-archiver';
import { archiveStoreContract } from 'portal-archiver/testing';

// What the author of another store writes. `package.test.ts` runs it in an empty project that has installed the package.

/** The smallest store on a disk: a stage is a file beside the archive, committing is a link. */
class LinkedFiles {
  name = 'linked-files';
  #folder;
  #staged = new Map();

  constructor(folder) {
    this.#folder = folder;
  }

  async open() {
    await mkdir(join(this.#folder, 'stages'), { recursive: true });
  }

  async stage(key) {
    const file = this.#newStage(key);
    await writeFile(file, '');
    return {
      write: (chunk) => appendFile(file, chunk),
      finish: () => this.#finish(key, file),
      abandon: () => rm(file, { force: true }),
    };
  }

  async stageWhole(key, body) {
    const file = this.#newStage(key);
    await writeFile(file, body);
    return this.#finish(key, file);
  }

  async commit({ id, key }) {
    const path = this.#pathOf(key);
    const stage = this.#staged.get(id);
    if (!stage) throw new ArchiverError('store-failed', `There is no stage for ${key}.`);
    await mkdir(dirname(path), { recursive: true });
    try {
      await link(stage, path);
    } catch (error) {
      if (error.code === 'EEXIST') return 'exists';
      throw new ArchiverError('store-failed', error.message, { cause: error });
    }
    await this.discard({ id });
    return 'committed';
  }

  async discard({ id }) {
    const stage = this.#staged.get(id);
    this.#staged.delete(id);
    if (stage) await rm(stage, { force: true });
  }

  async read(key, range) {
    const bytes = await this.size(key);
    return bytes === null ? null : { bytes, stream: createReadStream(this.#pathOf(key), range ?? {}) };
  }

  async size(key) {
    const found = await stat(this.#pathOf(key)).catch(() => null);
    return found ? found.size : null;
  }

  async *list(prefix) {
    const entries = await readdir(join(this.#folder, prefix), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.isFile()) yield join(entry.parentPath, entry.name).slice(this.#folder.length + 1);
    }
  }

  async remove(key) {
    await rm(this.#pathOf(key), { force: true });
  }

  /** Knows only the stages of its own process, which lives. */
  async dropStages() {
    return 0;
  }

  async freeBytes() {
    return null;
  }

  async close() {}

  #newStage(key) {
    this.#pathOf(key);
    return join(this.#folder, 'stages', randomUUID());
  }

  async #finish(key, file) {
    const id = randomUUID();
    this.#staged.set(id, file);
    return { id, key, bytes: (await stat(file)).size };
  }

  #pathOf(key) {
    const parts = key.split('/');
    const isKey = parts.length > 1 && parts[0] === 'archive' && parts.every((part) => part && !/^\.{1,2}$/.test(part));
    if (!isKey) throw new ArchiverError('store-failed', `${key} is no key of the archive.`);
    return join(this.#folder, key);
  }
}

archiveStoreContract({
  name: 'linked files',
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'linked-files-'));
    const store = new LinkedFiles(folder);
    const other = new LinkedFiles(folder);
    await store.open();
    return {
      store,
      other,
      leftovers: () => readdir(join(folder, 'stages')),
      close: () => rm(folder, { recursive: true }),
    };
  },
});
