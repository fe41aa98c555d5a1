import type { BodyEnd, Consume } from './Response.ts';

const QUEUE_BYTES = 256 * 1024;

/** The connection that a body comes from. */
interface Source {
  pause(): void;
  resume(): void;
  /** Gives the connection up; called at most once, and only before the end. */
  abort(): void;
}

/** A body on its way from a connection to one reader: what arrives before the reader is queued, within a bound. */
export class BodyQueue {
  readonly #source: Source;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #bytes = 0;
  #consume: Consume | null = null;
  #waiting = false;
  #paused = false;
  #end: BodyEnd | null = null;
  #settle: ((end: BodyEnd) => void) | null = null;
  #reject: ((error: unknown) => void) | null = null;

  constructor(source: Source) {
    this.#source = source;
  }

  /** All bytes that came, read or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** true while the reader, not the sender, is what the transfer waits for. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** After the end, and after `drop`, chunks are thrown away. */
  push(chunk: Buffer): void {
    if (this.#end) return;
    this.#bytes += chunk.length;
    if (this.#consume && !this.#waiting && this.#queue.length === 0) this.#feed(this.#consume, chunk);
    else this.#enqueue(chunk);
  }

  /** The first end counts; the reader hears of it when it has read what is queued. */
  end(end: BodyEnd): void {
    if (this.#end) return;
    this.#end = end;
    // The body cannot be completed: the reader is not waited for, however long it takes with what it has.
    if (end.kind === 'broken' && !end.lost) {
      this.#queue = [];
      this.#settle?.(end);
    }
    this.#flush();
  }

  /** To be called once. Rejects only with what `consume` throws; the body is dropped then. */
  read(consume: Consume): Promise<BodyEnd> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#reject = reject;
      this.#consume = consume;
      this.#flush();
    });
  }

  /** Ends the reading, and with it the connection where the body has not ended yet. */
  drop(): void {
    this.#queue = [];
    if (!this.#end) {
      this.#end = { kind: 'dropped' };
      this.#source.abort();
    }
    this.#settle?.({ kind: 'dropped' });
  }

  #enqueue(chunk: Buffer): void {
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes > QUEUE_BYTES) this.#pause();
  }

  #pause(): void {
    if (this.#paused || this.#end) return;
    this.#paused = true;
    this.#source.pause();
  }

  #feed(consume: Consume, chunk: Buffer): void {
    let wait: Promise<void> | null;
    try {
      wait = consume(chunk);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!wait) return;
    this.#waiting = true;
    this.#pause();
    wait.then(
      () => {
        this.#waiting = false;
        this.#flush();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.#reject?.(error);
    this.drop();
  }

  #flush(): void {
    const consume = this.#consume;
    if (!consume) return;
    while (!this.#waiting && this.#queue.length > 0) {
      const chunk = this.#queue.shift();
      if (!chunk) break;
      this.#queuedBytes -= chunk.length;
      this.#feed(consume, chunk);
    }
    if (this.#waiting) return;
    if (this.#end) this.#settle?.(this.#end);
    else if (this.#paused) {
      this.#paused = false;
      this.#source.resume();
    }
  }
}
