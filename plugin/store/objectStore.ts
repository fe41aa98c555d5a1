import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { StageRef } from '../model/stage.ts';
import type { ArchiveStore, ByteRange, Stage, StageAbout, StoredBytes } from './ArchiveStore.ts';
import { listedKeys } from './listedKeys.ts';
import { MARK_KEY } from './mark/markFile.ts';
import type { NewObject, ObjectFacts, ObjectService } from './ObjectService.ts';
import { PartUpload, type Uploaded } from './partUpload.ts';
import { keysWhere } from './presentKeys.ts';
import { checkKey, storeFailed } from './storeFailed.ts';

/** A service that does not answer a try for so long does not work. */
const PROBE_MS = 10_000;

/** What is tried lies here; no copy has this key. */
export const PROBE_KEY = 'archive/probe';

/** What is staged here and not committed yet: small bodies whole, larger ones as parts that nobody sees. */
interface Staged {
  readonly object: NewObject;
  readonly uploaded: Uploaded;
}

/**
 * Copies as objects of a cloud's storage. A body up to one part is one request that creates only; a larger one goes up in
 * parts and becomes an object, where there is none, with the commit.
 */
export class ObjectStore implements ArchiveStore {
  readonly #service: ObjectService;
  readonly #staged = new Map<string, Staged>();

  constructor(service: ObjectService) {
    this.#service = service;
  }

  get name(): string {
    return this.#service.name;
  }

  get places(): readonly string[] {
    return [this.#service.place];
  }

  open(): Promise<void> {
    return this.#guard('opening it', () => this.#service.open());
  }

  async stage(key: string, { mediaType }: StageAbout): Promise<Stage> {
    const object = newObject(key, mediaType);
    const upload = new PartUpload(this.#service.startParts(object), (error) =>
      storeFailed('uploading parts', this.#service.place, error),
    );
    return {
      write: (chunk) => upload.write(chunk),
      finish: async () => this.#keep(object, await upload.finish()),
      abandon: () => {
        this.#staged.delete(object.stage);
        return upload.abandon();
      },
    };
  }

  async stageWhole(key: string, body: Uint8Array, { mediaType }: StageAbout): Promise<StageRef> {
    return this.#keep(newObject(key, mediaType), { kind: 'whole', body, bytes: body.length });
  }

  commit({ id, key }: StageRef): Promise<'committed' | 'exists'> {
    return this.#guard('committing a copy', async () => {
      const staged = this.#staged.get(id);
      if (!staged) throw new Error(`the stage of ${key} is not known here`);
      if (!(await this.#create(staged))) return 'exists';
      this.#staged.delete(id);
      return 'committed';
    });
  }

  async discard({ id }: StageRef): Promise<void> {
    const uploaded = this.#staged.get(id)?.uploaded;
    this.#staged.delete(id);
    if (uploaded?.kind === 'parts') await uploaded.target.abandon();
  }

  read(key: string, range: ByteRange | null): Promise<StoredBytes | null> {
    return this.#guard('reading a copy', () => this.#service.read(checkKey(key), range));
  }

  size(key: string): Promise<number | null> {
    return this.#guard('looking at a copy', async () => (await this.#service.facts(checkKey(key)))?.bytes ?? null);
  }

  /** What lists do not show is asked for by itself: a copy counts as lost only where the service says so of its key. */
  hasMany(keys: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#guard('looking for copies', async () => {
      const wanted = [...new Set(keys)].map(checkKey);
      const listed = await listedKeys(wanted, (prefix) => this.#service.list(prefix));
      const others = wanted.filter((key) => !listed.has(key));
      const found = await keysWhere(others, async (key) => (await this.#service.facts(key)) !== null);
      return new Set([...listed, ...found]);
    });
  }

  async *list(prefix: string): AsyncIterable<string> {
    try {
      yield* this.#service.list(prefix);
    } catch (error) {
      throw storeFailed('listing copies', this.#service.place, error);
    }
  }

  remove(key: string): Promise<void> {
    return this.#guard('removing a copy', () => this.#service.remove(checkKey(key)));
  }

  dropStages(olderThanMs: number): Promise<number> {
    return this.#guard('dropping old uploads', () => this.#service.dropUploads(olderThanMs));
  }

  probe(): Promise<void> {
    return this.#guard('trying whether it takes bytes', () => {
      const signal = AbortSignal.timeout(PROBE_MS);
      return Promise.race([this.#service.probe(signal), aborted(signal)]);
    });
  }

  async freeBytes(): Promise<null> {
    return null;
  }

  readMarks(): Promise<readonly string[]> {
    return this.#guard('reading whose it is', async () => {
      const stored = await this.#service.read(MARK_KEY, null);
      return stored ? [await text(stored.stream)] : [];
    });
  }

  writeMark(mark: string): Promise<void> {
    return this.#guard('noting whose it is', () => this.#service.replace(MARK_KEY, Buffer.from(mark)));
  }

  dropMark(): Promise<void> {
    return this.#guard('dropping whose it is', () => this.#service.remove(MARK_KEY));
  }

  async close(): Promise<void> {
    this.#staged.clear();
    await this.#service.close();
  }

  #keep(object: NewObject, uploaded: Uploaded): StageRef {
    this.#staged.set(object.stage, { object, uploaded });
    return { id: object.stage, key: object.key, bytes: uploaded.bytes };
  }

  /**
   * False when the key is another's. Who owns it is asked of the service after any failure: a create whose answer was
   * lost is tried again by the libraries, and then finds its own object in its way.
   */
  async #create({ object, uploaded }: Staged): Promise<boolean> {
    try {
      if (uploaded.kind === 'whole') await this.#service.put(object, uploaded.body);
      else await uploaded.target.complete(uploaded.last);
      return true;
    } catch (error) {
      const found = await this.#ownerOf(object.key, error);
      if (!found) throw error;
      return found.stage === object.stage;
    }
  }

  /** What failed first is told, not that the question about it failed too. */
  async #ownerOf(key: string, failure: unknown): Promise<ObjectFacts | null> {
    try {
      return await this.#service.facts(key);
    } catch {
      throw failure;
    }
  }

  async #guard<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw storeFailed(doing, this.#service.place, error);
    }
  }
}

/** Rejects when the signal aborts, for libraries that know no signals. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

function newObject(key: string, mediaType: string | null): NewObject {
  return { key: checkKey(key), stage: randomBytes(12).toString('hex'), mediaType };
}

/** An object's own metadata: who made it, and what its bytes are. Only what a header can carry. */
export function metadataOf({ stage, mediaType }: NewObject): Record<string, string> {
  return mediaType ? { stage, mediatype: mediaType.replace(/[^\x20-\x7e]/g, '') } : { stage };
}

/** Served as bytes whatever they are: a public container must not run what anybody wrote. */
export const SERVED_AS = { contentType: 'application/octet-stream', contentDisposition: 'attachment' } as const;

/** Size of a part where any number of them is allowed. */
export const PART_BYTES = 8 * 1024 * 1024;
