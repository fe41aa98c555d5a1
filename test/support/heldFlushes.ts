import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { FileSystem } from '../../plugin/store/flush/fileSystem.ts';

/** A file system whose flushes end when and how a test says. */
export class HeldFlushes implements FileSystem {
  readonly device: number;
  /** Flushes that were begun. */
  begun = 0;
  isClosed = false;
  /** What a flush comes to without being held: null, held. */
  answer: (() => Promise<void>) | null = null;
  readonly #held: PromiseWithResolvers[] = [];

  constructor(device = statSync(tmpdir()).dev) {
    this.device = device;
  }

  get isUnderWay(): boolean {
    return this.#held.length > 0;
  }

  flush(): Promise<void> {
    this.begun += 1;
    if (this.answer) return this.answer();
    return new Promise((resolve, reject) => this.#held.push({ resolve, reject }));
  }

  /** The oldest flush under way ends. */
  end(error?: Error): void {
    const held = this.#held.shift();
    if (error) held?.reject(error);
    else held?.resolve();
  }

  close(): void {
    this.isClosed = true;
  }
}

interface PromiseWithResolvers {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** As the system says it of bytes that it could not write. */
export const lostBytes = () => Object.assign(new Error('EIO: i/o error, syncfs'), { code: 'EIO' });
