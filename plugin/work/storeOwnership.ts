import { randomUUID } from 'node:crypto';
import {
  CONFLICT_REASONS,
  parseMark,
  type StoreConflict,
  type StoreMark,
  storeConflict,
} from '../decide/ownership/storeConflict.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { StoreIdentities } from '../record/StoreIdentities.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';

/** The two places that are compared. */
export interface StoreOwnershipDeps {
  readonly identities: StoreIdentities;
  readonly store: Pick<ArchiveStore, 'readMarks' | 'writeMark'>;
  /** Milliseconds that only go forward. */
  elapsedMs(): number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** The same conflict is told of again after so long. */
const TELL_EVERY_MS = 3_600_000;

/**
 * Whether copies may be removed: two databases on one store, such as production and a copy of it, must not remove each other's.
 * Both places say whose the store is, and a token that is new with each writing: who finds one in the store that it never wrote
 * is not alone with it, or is older than the store. A token is noted in the database before it is written into the store, and
 * the store is read before the database, so that a crash between the two, or workers that do so together, look like no conflict.
 * A store of a host that keeps no mark is trusted.
 */
export class StoreOwnership {
  readonly #deps: StoreOwnershipDeps;
  #last: StoreConflict | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(deps: StoreOwnershipDeps) {
    this.#deps = deps;
  }

  /** As it was found last. */
  get isOurs(): boolean {
    return this.#last === null;
  }

  /** At the start of a worker and now and then: compares, and passes a new token on. Never rejects. */
  async renew(): Promise<void> {
    await this.#judge(async () => {
      const conflict = await this.#compare();
      if (conflict === null) await this.#passOn();
      return conflict;
    });
  }

  /** false, with a line in the log: the store is not this database's alone, or that cannot be found out. Never rejects. */
  async mayRemove(): Promise<boolean> {
    // What could not be marked a moment ago is not proved by reading.
    if (this.#last === 'unmarked') await this.renew();
    else await this.#judge(() => this.#compare());
    return this.isOurs;
  }

  /** From now on the store is this database's, and no other's. Throws where the mark cannot be written; then it is nobody's to remove from. */
  async adopt(): Promise<void> {
    const { identities, store } = this.#deps;
    const [owner, token] = [randomUUID(), randomUUID()];
    await identities.adopt(owner, token);
    await store.writeMark?.(JSON.stringify({ owner, token, contested: false } satisfies StoreMark));
    await this.#judge(() => this.#compare());
  }

  /** What it comes to is noted for everybody to read, and told. */
  async #judge(work: () => Promise<StoreConflict | null>): Promise<void> {
    if (!this.#deps.store.readMarks) return;
    try {
      await this.#note(await work(), {});
    } catch (error) {
      await this.#note('unmarked', { error: messageOf(error) }).catch(() => undefined);
    }
  }

  async #note(conflict: StoreConflict | null, detail: { readonly error?: string }): Promise<void> {
    const { identities, elapsedMs, logger } = this.#deps;
    const isNew = conflict !== this.#last;
    this.#last = conflict;
    const reason = conflict && CONFLICT_REASONS[conflict];
    if (reason !== null && (isNew || elapsedMs() - this.#toldAt >= TELL_EVERY_MS)) {
      this.#toldAt = elapsedMs();
      logger.warn({ reason, ...detail }, 'nothing is removed from the store');
    } else if (isNew) logger.info({}, 'the store is this database’s');
    await identities.noteConflict(reason);
  }

  async #compare(): Promise<StoreConflict | null> {
    const marks = await this.#marks();
    const conflict = storeConflict(marks, await this.#deps.identities.known());
    const [mark] = marks;
    // The other one with this history learns of it too.
    if (conflict === 'contested' && mark && marks.some(({ contested }) => !contested)) {
      await this.#deps.store.writeMark?.(JSON.stringify({ ...mark, contested: true }));
    }
    return conflict;
  }

  async #marks(): Promise<StoreMark[]> {
    return ((await this.#deps.store.readMarks?.()) ?? []).map(parseMark);
  }

  async #passOn(): Promise<void> {
    const { identities, store } = this.#deps;
    const { owner } = await identities.known();
    const token = randomUUID();
    if (!(await identities.addToken(owner, token))) return;
    await store.writeMark?.(JSON.stringify({ owner, token, contested: false } satisfies StoreMark));
  }
}
