import type { Part, PartTarget } from './ObjectService.ts';

/** What a finished upload left: a body that fitted into one part is still here, of a larger one only the last part is. */
export type Uploaded =
  | { readonly kind: 'whole'; readonly body: Uint8Array; readonly bytes: number }
  | { readonly kind: 'parts'; readonly target: PartTarget; readonly last: Part; readonly bytes: number };

/** Cuts a body into parts and sends them as they fill, as many at a time as the target takes: memory stays bounded. */
export class PartUpload {
  readonly #target: PartTarget;
  readonly #wrap: (error: unknown) => Error;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #buffer: Buffer;
  #filled = 0;
  #sent = 0;
  #bytes = 0;
  #failure: Error | null = null;

  /** `wrap` makes what `write` and `finish` throw of what the target threw. */
  constructor(target: PartTarget, wrap: (error: unknown) => Error) {
    this.#target = target;
    this.#wrap = wrap;
    this.#buffer = Buffer.allocUnsafe(target.partBytes(0));
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length; ) {
      // A full part waits for what comes behind it: the last one goes out with the commit.
      if (this.#filled === this.#buffer.length) await this.#send();
      const count = Math.min(this.#buffer.length - this.#filled, chunk.length - from);
      this.#buffer.set(chunk.subarray(from, from + count), this.#filled);
      this.#filled += count;
      from += count;
    }
    this.#bytes += chunk.length;
  }

  async finish(): Promise<Uploaded> {
    const rest = this.#buffer.subarray(0, this.#filled);
    if (this.#sent === 0) return { kind: 'whole', body: rest, bytes: this.#bytes };
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure;
    return { kind: 'parts', target: this.#target, last: { number: this.#sent, bytes: rest }, bytes: this.#bytes };
  }

  /** Idempotent; waits for the parts under way, so that none arrives later. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#underWay);
    if (this.#sent > 0) await this.#target.abandon();
  }

  async #send(): Promise<void> {
    while (this.#underWay.size >= this.#target.atOnce) await Promise.race(this.#underWay);
    if (this.#failure) throw this.#failure;
    const part = { number: this.#sent, bytes: this.#buffer };
    this.#sent += 1;
    this.#buffer = Buffer.allocUnsafe(this.#target.partBytes(this.#sent));
    this.#filled = 0;
    const sending: Promise<void> = this.#target
      .send(part, this.#stop.signal)
      .catch((error: unknown) => {
        this.#failure ??= this.#wrap(error);
      })
      .finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }
}
