import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { ArchiveEvent, Listener } from './Listener.ts';

/**
 * Tells in-process listeners, each on its own: one that throws, rejects or never answers is logged and holds up nobody
 * (catching and going on is right here: the archival is already committed).
 */
export class Listeners {
  readonly #logger: Logger;
  readonly #listeners = new Set<Listener>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Answers how to leave. */
  add(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: ArchiveEvent): void {
    for (const listener of this.#listeners) void this.#tellOne(listener, event);
  }

  async #tellOne(listener: Listener, event: ArchiveEvent): Promise<void> {
    try {
      await listener(event);
    } catch (error) {
      this.#logger.error(
        { event: event.name, resourceId: event.resourceId, error: messageOf(error) },
        'listener failed',
      );
    }
  }
}
