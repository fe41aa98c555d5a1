import type { FetchCost } from './host.ts';

/**
 * Places at the hosts that a link leads to: by a redirect, a form, a service's other URL. The host of the link itself is
 * asked on a place that its caller holds.
 */
export interface HostPlaces {
  /**
   * Takes a moment at most, so that nobody who waits here keeps a place elsewhere for long; never rejects. `from`: the host of
   * the link.
   */
  enter(host: string, from: string, signal: AbortSignal): Promise<HostEntrance>;
  /** A connection to that host was made, to this address: its places count there. Never throws. */
  connected(hostname: string, address: string): void;
}

/** `busy`: when to come again, in milliseconds. */
export type HostEntrance =
  | { readonly kind: 'entered'; readonly place: HostPlace }
  | { readonly kind: 'busy'; readonly retryInMs: number };

/** One place at a host, held until it is left. */
export interface HostPlace {
  /** Gives it back and charges the host. To be called once. */
  leave(cost: FetchCost): void;
}
