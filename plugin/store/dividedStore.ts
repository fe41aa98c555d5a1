import { ArchiverError } from '../errors.ts';
import type { StageRef } from '../model/stage.ts';
import type { ArchiveStore, ByteRange, Stage, StageAbout, StoredBytes } from './ArchiveStore.ts';
import { presentKeys } from './presentKeys.ts';
import { probeStore } from './probeStore.ts';

/** Marks the name of a stage that lies in the private store. */
const PRIVATE = 'private:';

/**
 * Two stores that look like one: what everybody may fetch past us lies in the first, copies of private datasets in the
 * second. A key is in one of them; a reader need not know in which.
 */
export class DividedStore implements ArchiveStore {
  readonly #open: ArchiveStore;
  readonly #private: ArchiveStore;

  constructor(open: ArchiveStore, hidden: ArchiveStore) {
    this.#open = open;
    this.#private = hidden;
  }

  get name(): string {
    return this.#open.name;
  }

  get places(): readonly string[] {
    return [this.#open, this.#private].flatMap(({ name, places }) => places ?? [name]);
  }

  async open(): Promise<void> {
    await this.#open.open();
    await this.#private.open();
  }

  async stage(key: string, about: StageAbout): Promise<Stage> {
    if (!about.isPrivate) return this.#open.stage(key, about);
    const stage = await this.#private.stage(key, about);
    return {
      write: (chunk) => stage.write(chunk),
      finish: async () => marked(await stage.finish()),
      abandon: () => stage.abandon(),
    };
  }

  async stageWhole(key: string, body: Uint8Array, about: StageAbout): Promise<StageRef> {
    if (!about.isPrivate) return this.#open.stageWhole(key, body, about);
    return marked(await this.#private.stageWhole(key, body, about));
  }

  async commit(stage: StageRef): Promise<'committed' | 'exists'> {
    const [own, other] = this.#sidesOf(stage);
    if ((await other.size(stage.key)) !== null) return 'exists';
    return own.commit(unmarked(stage));
  }

  discard(stage: StageRef): Promise<void> {
    return this.#sidesOf(stage)[0].discard(unmarked(stage));
  }

  async read(key: string, range: ByteRange | null): Promise<StoredBytes | null> {
    return (await this.#private.read(key, range)) ?? this.#open.read(key, range);
  }

  async size(key: string): Promise<number | null> {
    return (await this.#private.size(key)) ?? this.#open.size(key);
  }

  async hasMany(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const open = await presentKeys(this.#open, keys);
    const others = keys.filter((key) => !open.has(key));
    return new Set([...open, ...(others.length === 0 ? [] : await presentKeys(this.#private, others))]);
  }

  async *list(prefix: string): AsyncIterable<string> {
    yield* this.#private.list(prefix);
    yield* this.#open.list(prefix);
  }

  async remove(key: string): Promise<void> {
    await this.#private.remove(key);
    await this.#open.remove(key);
  }

  async dropStages(olderThanMs: number): Promise<number> {
    return (await this.#open.dropStages(olderThanMs)) + (await this.#private.dropStages(olderThanMs));
  }

  async probe(): Promise<void> {
    await probeStore(this.#open);
    await probeStore(this.#private);
  }

  async freeBytes(): Promise<number | null> {
    const free = [await this.#open.freeBytes(), await this.#private.freeBytes()].filter((bytes) => bytes !== null);
    return free.length === 0 ? null : Math.min(...free);
  }

  /** Of both sides: another database may share one of them. The mark is no secret. */
  async readMarks(): Promise<readonly string[]> {
    return [...((await this.#open.readMarks?.()) ?? []), ...((await this.#private.readMarks?.()) ?? [])];
  }

  async writeMark(text: string): Promise<void> {
    await this.#open.writeMark?.(text);
    await this.#private.writeMark?.(text);
  }

  async dropMark(): Promise<void> {
    await this.#open.dropMark?.();
    await this.#private.dropMark?.();
  }

  async close(): Promise<void> {
    await this.#open.close();
    await this.#private.close();
  }

  /**
   * Moves the bytes of a key to the side where they belong; false when they lie there already, or nowhere. The other side
   * has them before this one loses them, so that no reader ever misses them.
   */
  async place(key: string, isPrivate: boolean, mediaType: string | null): Promise<boolean> {
    const [to, from] = isPrivate ? [this.#private, this.#open] : [this.#open, this.#private];
    const stored = await from.read(key, null);
    if (!stored) return false;
    const stage = await to.stage(key, { mediaType });
    try {
      for await (const chunk of stored.stream) await stage.write(chunk);
      const finished = await stage.finish();
      if ((await to.commit(finished)) === 'exists') {
        await to.discard(finished);
        await checkMoved(to, key, stored.bytes);
      }
    } catch (error) {
      stored.stream.destroy();
      await stage.abandon();
      throw error;
    }
    await from.remove(key);
    return true;
  }

  #sidesOf({ id }: StageRef): readonly [ArchiveStore, ArchiveStore] {
    return id.startsWith(PRIVATE) ? [this.#private, this.#open] : [this.#open, this.#private];
  }
}

/** A move that was broken off has left the whole on both sides, or a name without bytes; then nothing may be taken away. */
async function checkMoved(to: ArchiveStore, key: string, bytes: number): Promise<void> {
  if ((await to.size(key)) === bytes) return;
  throw new ArchiverError('store-failed', `The key ${key} is taken where its copy should be moved to.`);
}

const marked = (stage: StageRef): StageRef => ({ ...stage, id: PRIVATE + stage.id });

const unmarked = (stage: StageRef): StageRef =>
  stage.id.startsWith(PRIVATE) ? { ...stage, id: stage.id.slice(PRIVATE.length) } : stage;
