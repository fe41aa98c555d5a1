import { randomUUID } from 'node:crypto';
import { codeOf } from '../../errors.ts';
import type { StageRef } from '../../model/stage.ts';
import type { ArchiveStore, StageAbout } from '../../store/ArchiveStore.ts';

interface Refused {
  readonly key: string;
  readonly body: Uint8Array;
  readonly about: StageAbout;
  /** Once the store has taken it: what is tried again is the commit alone. */
  staged: StageRef | null;
}

/**
 * Whole bodies that came and that the store would not stage: kept here, and staged with their commit, which is tried until the store
 * takes it, so that their publisher is not asked again. A larger body, which is staged while it comes, is lost.
 */
export class RefusedStages {
  readonly #store: Pick<ArchiveStore, 'stageWhole' | 'commit' | 'discard'>;
  readonly #refused = new Map<string, Refused>();

  constructor(store: Pick<ArchiveStore, 'stageWhole' | 'commit' | 'discard'>) {
    this.#store = store;
  }

  /** Staged, or kept as if it were. */
  async stageWhole(key: string, body: Uint8Array, about: StageAbout): Promise<StageRef> {
    try {
      return await this.#store.stageWhole(key, body, about);
    } catch (error) {
      if (codeOf(error) !== 'store-failed') throw error;
      const id = `refused:${randomUUID()}`;
      this.#refused.set(id, { key, body, about, staged: null });
      return { id, key, bytes: body.length };
    }
  }

  /** May be called again where it throws. */
  async commit(stage: StageRef): Promise<'committed' | 'exists'> {
    const refused = this.#refused.get(stage.id);
    if (!refused) return this.#store.commit(stage);
    refused.staged ??= await this.#store.stageWhole(refused.key, refused.body, refused.about);
    const committed = await this.#store.commit(refused.staged);
    if (committed === 'exists') await this.#store.discard(refused.staged);
    this.#refused.delete(stage.id);
    return committed;
  }

  /** Idempotent. */
  async discard(stage: StageRef): Promise<void> {
    if (!stage.id.startsWith('refused:')) return this.#store.discard(stage);
    const staged = this.#refused.get(stage.id)?.staged;
    this.#refused.delete(stage.id);
    if (staged) await this.#store.discard(staged);
  }
}
