import { closeSync, existsSync, fstatSync, readlinkSync } from 'node:fs';

/**
 * Where Linux shows what this process has open: a path through it leads into the open folder, whatever stands at its name by now.
 * By the number that `/proc` knows the process by, which need not be its own view of it; not by `self`, one more link to follow at
 * each step. null: the system shows nothing of that.
 */
function openFiles(): string | null {
  try {
    const path = `/proc/${readlinkSync('/proc/self')}/fd`;
    return process.platform === 'linux' && existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

const OPEN_FILES = openFiles();
/** false: a folder is known by its name alone. */
export const HAS_OPEN_FILES = OPEN_FILES !== null;

/** A folder of the store that is held open. What is done below `path` happens in this folder. */
export interface HeldFolder {
  readonly path: string;
  /** Of what is made in it; null where the system shows no open files. */
  readonly device: number | null;
  /** Once. */
  close(): void;
}

/** Held until the work, which takes its path, has ended. */
export async function within<Result>(folder: HeldFolder, work: (path: string) => Promise<Result>): Promise<Result> {
  try {
    return await work(folder.path);
  } finally {
    folder.close();
  }
}

/** The path of what this process has open. */
export const pathOfOpen = (descriptor: number): string => `${OPEN_FILES}/${descriptor}`;

/** One that is not open, but known by its name, where the system shows no open files. */
export function named(path: string): HeldFolder {
  return { path, device: null, close: () => undefined };
}

/** An open folder that one holds. */
export class OpenFolder implements HeldFolder {
  readonly path: string;
  readonly device: number | null;
  readonly #descriptor: number;

  constructor(descriptor: number, device: number | null) {
    this.#descriptor = descriptor;
    this.path = pathOfOpen(descriptor);
    this.device = device;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** An open folder that several may hold; it is closed when it is dropped and nobody holds it. */
export class KeptFolder implements HeldFolder {
  readonly path: string;
  readonly device: number;
  readonly #descriptor: number;
  /** Where it was found, no link on the way. */
  readonly #realPath: string;
  #holders = 0;
  #isDropped = false;

  constructor(descriptor: number, realPath: string) {
    this.#descriptor = descriptor;
    this.path = pathOfOpen(descriptor);
    this.device = fstatSync(descriptor).dev;
    this.#realPath = realPath;
  }

  isWhereItWas(): boolean {
    return readlinkSync(this.path) === this.#realPath;
  }

  hold(): HeldFolder {
    this.#holders += 1;
    return this;
  }

  close(): void {
    this.#holders -= 1;
    this.#closeWhenLeft();
  }

  drop(): void {
    this.#isDropped = true;
    this.#closeWhenLeft();
  }

  #closeWhenLeft(): void {
    if (this.#isDropped && this.#holders === 0) closeSync(this.#descriptor);
  }
}
