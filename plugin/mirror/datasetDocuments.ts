import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiverError, messageOf } from '../errors.ts';
import type { RemoteDataset } from '../portal/ckan/remoteDataset.ts';

const SAFE_NAME = /^[a-z0-9_-]{1,100}$/;
/** Device names of Windows are no file names there. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * What CKAN said of each dataset, below `datasets/`, so that the folder explains itself without us: `{name}.json` is the
 * present state, an earlier one stays as `{name}.{timestamp}.json`, by the time at which it was written.
 */
export class DatasetDocuments {
  readonly #folder: string;
  #isMade = false;

  constructor(folder: string) {
    this.#folder = join(folder, 'datasets');
  }

  /** Does nothing where the file says the same. Throws `ArchiverError('store-failed')`. */
  async keep({ id, name, document }: Pick<RemoteDataset, 'id' | 'name' | 'document'>): Promise<void> {
    const path = join(this.#folder, `${documentName(name, id)}.json`);
    const text = `${JSON.stringify(document, null, 2)}\n`;
    try {
      if (!this.#isMade) await mkdir(this.#folder, { recursive: true });
      this.#isMade = true;
      const before = await readFile(path, 'utf8').catch(absent);
      if (before === text) return;
      if (before !== null && !isOwnWrite(before, document)) await this.#putAside(path);
      await replaceFile(path, text);
    } catch (error) {
      throw new ArchiverError('store-failed', `${path} cannot be written: ${messageOf(error)}`, { cause: error });
    }
  }

  async #putAside(path: string): Promise<void> {
    const { mtime } = await stat(path);
    const base = path.slice(0, -'.json'.length);
    for (let second = Math.floor(mtime.getTime() / 1000); ; second++) {
      const stamp = new Date(second * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
      const aside = `${base}.${stamp}.json`;
      if ((await stat(aside).catch(absent)) === null) return rename(path, aside);
    }
  }
}

/** CKAN's names as they are; whatever else a portal gives becomes a name that leads nowhere else, and stays its own. */
export function documentName(name: string, id: string): string {
  if (SAFE_NAME.test(name) && !DEVICE.test(name)) return name;
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .slice(0, 60);
  return `${readable}~${createHash('sha256').update(id).digest('hex').slice(0, 12)}`;
}

/** Whole or not at all, also when the process is killed. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const growing = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(growing, text);
    await rename(growing, path);
  } catch (error) {
    await rm(growing, { force: true });
    throw error;
  }
}

/** What a write-back changes by itself is no earlier state that anybody would look for. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['cache_url', 'cache_last_updated', 'metadata_modified']);

function isOwnWrite(before: string, document: unknown): boolean {
  return withoutOwn(before) === withoutOwn(JSON.stringify(document));
}

function withoutOwn(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text, (key, value) => (OWN_FIELDS.has(key) ? undefined : value)));
  } catch {
    // Somebody else wrote there: it is kept.
    return text;
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
