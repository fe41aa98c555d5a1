/** Slots that become free at nearly the same time are told of once, or not at all when the slice ends meanwhile. */
const SHARING_MS = 250;

/** Keeps the slots of a slice while it lasts, and lets others have those that its slowest files leave free. */
export class SlotRenewal {
  readonly #keep: () => void;
  readonly #renewal: NodeJS.Timeout;
  #slots: number;
  #sharing: NodeJS.Timeout | null = null;

  constructor(keep: (slots: number) => Promise<void>, by: { readonly slots: number; readonly leaseMs: number }) {
    this.#slots = by.slots;
    // What cannot be kept now is kept by the next turn, two of which may fail.
    this.#keep = () => void keep(this.#slots).catch(() => undefined);
    this.#renewal = setInterval(this.#keep, by.leaseMs / 3);
  }

  /** One of them has nothing left to do. */
  free(): void {
    this.#slots -= 1;
    this.#sharing ??= setTimeout(() => {
      this.#sharing = null;
      this.#keep();
    }, SHARING_MS);
  }

  stop(): void {
    clearInterval(this.#renewal);
    if (this.#sharing) clearTimeout(this.#sharing);
  }
}
