import { setMaxListeners } from 'node:events';
import { ArchiverError } from '../../errors.ts';
import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import type { StageRef } from '../../model/stage.ts';
import type { ArchiveStore } from '../../store/ArchiveStore.ts';
import type { Retriever } from './Retriever.ts';
import { RefusedStages } from './refusedStages.ts';

type StageOpener = Pick<ArchiveStore, 'stage' | 'stageWhole'>;

interface FetcherLike {
  fetch(request: FetchRequest, stages: StageOpener, signal: AbortSignal): Promise<Attempt>;
  setLeastSpeed?(bytesPerSecond: number): void;
  close(): Promise<void>;
}

/** Fetches in this very thread and stages into the store it was given; both are closed by `close`. */
export class LocalRetriever implements Retriever {
  readonly #fetcher: FetcherLike;
  readonly #store: ArchiveStore;
  readonly #stages: RefusedStages;
  #closed = false;

  constructor(fetcher: FetcherLike, store: ArchiveStore) {
    this.#fetcher = fetcher;
    this.#store = store;
    this.#stages = new RefusedStages(store);
  }

  async retrieve(request: FetchRequest, signal: AbortSignal): Promise<Attempt> {
    if (this.#closed) throw new ArchiverError('stopped', 'The retriever is closed.');
    const store = this.#store;
    const { isPrivate = false } = request;
    const stages: StageOpener = {
      stage: (key, about) => store.stage(key, { ...about, isPrivate }),
      stageWhole: (key, body, about) => this.#stages.stageWhole(key, body, { ...about, isPrivate }),
    };
    // Every hop listens.
    setMaxListeners(0, signal);
    return this.#fetcher.fetch(request, stages, signal);
  }

  commit(stage: StageRef): Promise<'committed' | 'exists'> {
    return this.#stages.commit(stage);
  }

  discard(stage: StageRef): Promise<void> {
    return this.#stages.discard(stage);
  }

  setLeastSpeed(bytesPerSecond: number): void {
    this.#fetcher.setLeastSpeed?.(bytesPerSecond);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#fetcher.close();
    await this.#store.close();
  }
}
