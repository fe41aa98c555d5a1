import { setTimeout as wait } from 'node:timers/promises';
import { SERVICE_REFUSES, waitReason } from '../decide/pauseReasons.ts';
import { ArchiverError } from '../errors.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { Config } from '../settings/Config.ts';
import type { ServiceGate } from './serviceGate.ts';

/** What is kept, and by whom the services are tried. */
export interface FetchedKeeperDeps {
  readonly config: Pick<Config, 'keepFetchedBytes'>;
  readonly gate: Pick<ServiceGate, 'failed' | 'tryAgain' | 'recovered'>;
  readonly archivals: Pick<Archivals, 'explain'>;
}

/** What came of one fetch, on its way into store and records. */
export interface Fetched {
  readonly resourceId: string;
  /** Of its body; 0 for an outcome without one. */
  readonly bytes: number;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** The services take a try, and this refuse: so often, then it is not their fault and the fetch is given up. */
const FUTILE_TRIES = 3;

/**
 * Keeps what was fetched while a service of ours refuses it, so that its publisher is not asked again: the step that failed
 * is done again when the services take a try, every 30 s at least. Kept in this process, under the lease: what a crash or a
 * stop ends is fetched again.
 */
export class FetchedKeeper {
  readonly #deps: FetchedKeeperDeps;
  #keptBytes = 0;

  constructor(deps: FetchedKeeperDeps) {
    this.#deps = deps;
  }

  /** Throws what `work` throws when no service is at fault or too much is kept already, `stopped` when `signal` fires. */
  async keep<Result>(fetched: Fetched, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const { config, gate } = this.#deps;
      const isOurs = await gate.failed(error);
      if (!isOurs || this.#keptBytes + fetched.bytes > config.keepFetchedBytes) throw error;
      return this.#keepTrying(fetched, signal, work);
    }
  }

  async #keepTrying<Result>({ resourceId, bytes }: Fetched, signal: AbortSignal, work: () => Promise<Result>) {
    this.#keptBytes += bytes;
    await this.#deps.archivals.explain([resourceId], waitReason(SERVICE_REFUSES)).catch(() => undefined);
    try {
      return await this.#tryUntilTaken(resourceId, signal, work);
    } finally {
      this.#keptBytes -= bytes;
    }
  }

  async #tryUntilTaken<Result>(resourceId: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const { gate } = this.#deps;
    let futile = 0;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      await pause(waitMs, signal, resourceId);
      if (!(await gate.tryAgain())) continue;
      try {
        const result = await work();
        await gate.recovered();
        return result;
      } catch (error) {
        futile += 1;
        if (!(await gate.failed(error)) || futile === FUTILE_TRIES) throw error;
      }
    }
  }
}

async function pause(ms: number, signal: AbortSignal, resourceId: string): Promise<void> {
  await wait(ms, undefined, { signal }).catch((cause: unknown) => {
    throw new ArchiverError('stopped', `The archival of resource ${resourceId} was interrupted.`, { cause });
  });
}
