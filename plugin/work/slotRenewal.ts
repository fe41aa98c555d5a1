import { Renewal } from '../lease/renewal.ts';

/** Slots that become free at nearly the same time are given up in one statement, or in none when the slice ends meanwhile. */
const SHARING_MS = 250;

/** Renews the slots of a slice while it lasts, and lets others have those that its slowest files leave free. */
export class SlotRenewal {
  readonly #renewal: Renewal;
  #slots: number;
  #sharing: NodeJS.Timeout | null = null;

  constructor(renew: (slots: number) => Promise<void>, by: { readonly slots: number; readonly leaseMs: number }) {
    this.#slots = by.slots;
    this.#renewal = new Renewal(by.leaseMs, () => renew(this.#slots));
  }

  /** One of them has nothing left to do. */
  free(): void {
    this.#slots -= 1;
    this.#sharing ??= setTimeout(() => {
      this.#sharing = null;
      this.#renewal.now();
    }, SHARING_MS);
  }

  stop(): void {
    this.#renewal.stop();
    if (this.#sharing) clearTimeout(this.#sharing);
  }
}
