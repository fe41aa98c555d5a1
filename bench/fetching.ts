import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { builtProgram } from './builtProgram.ts';
import type { FetchDone, FetchWork } from './fetchProcess.ts';
import { nodeOptions } from './options.ts';

/** What a process of fetch threads came to. */
export interface Fetched {
  readonly ms: number;
  /** Where its copies are. */
  readonly folder: string;
}

/** The plugin's fetch threads, built code, in a process of their own. */
export class Fetching {
  readonly #child: ChildProcess;
  readonly #folder: string;
  #works = 0;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  static start(scratch: string, { threads, parallel }: { readonly threads: number; readonly parallel: number }) {
    const program = builtProgram('fetchProcess.ts', mkdtempSync(join(scratch, 'built-')), ['fetchThread.ts']);
    const folder = mkdtempSync(join(scratch, 'ours-'));
    return new Fetching(
      fork(program, [folder, String(threads), String(parallel)], { execArgv: [...nodeOptions] }),
      folder,
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Fetches and keeps each URL, below a timestamp of its own each time; or asks so many times whether they have changed. */
  async perform(urls: readonly string[], rechecks = 0): Promise<Fetched> {
    const timestamp = `20260102T${String(++this.#works).padStart(6, '0')}Z`;
    this.#child.send({ urls, timestamp, rechecks } satisfies FetchWork);
    const ended = new AbortController();
    const failed = once(this.#child, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`The process of the fetch threads ended with ${code}.`);
    });
    const answered = once(this.#child, 'message', { signal: ended.signal });
    try {
      const [{ ms }] = (await Promise.race([answered, failed])) as [FetchDone];
      return { ms, folder: join(this.#folder, 'archive', timestamp) };
    } finally {
      ended.abort();
      await Promise.allSettled([failed, answered]);
    }
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
