import { setMaxListeners } from 'node:events';
import { NO_REQUEST } from '../../decide/fetchCost.ts';
import type { HostPlace, HostPlaces } from '../../model/hostPlaces.ts';
import type { FromThread, ToThread } from './threadMessages.ts';

type Visit = FromThread & { readonly kind: 'enter' | 'leave' | 'connected' };

/** The places that one fetch thread holds; the other half is `ThreadPlaces`. */
export class ThreadVisits {
  readonly #places: HostPlaces | null;
  readonly #held = new Map<number, HostPlace>();
  readonly #ended = new AbortController();

  constructor(places: HostPlaces | null) {
    this.#places = places;
    // Everybody who waits for a place at another host listens to it.
    setMaxListeners(0, this.#ended.signal);
  }

  async receive(message: Visit, answer: (message: ToThread) => void): Promise<void> {
    if (message.kind === 'connected') return this.#places?.connected(message.hostname, message.address);
    const { id } = message;
    if (message.kind === 'leave') {
      this.#held.get(id)?.leave(message.cost);
      this.#held.delete(id);
      return;
    }
    const entrance = await this.#places?.enter(message.host, message.from, this.#ended.signal);
    if (entrance?.kind === 'entered') this.#hold(id, entrance.place);
    answer({ kind: 'entered', id, busyMs: entrance?.kind === 'busy' ? entrance.retryInMs : null });
  }

  /** The thread is no more: what it held is free again. */
  end(): void {
    this.#ended.abort();
    for (const place of this.#held.values()) place.leave(NO_REQUEST);
    this.#held.clear();
  }

  #hold(id: number, place: HostPlace): void {
    if (this.#ended.signal.aborted) place.leave(NO_REQUEST);
    else this.#held.set(id, place);
  }
}
