import { setTimeout as wait } from 'node:timers/promises';
import { storeRefusedAttempt } from '../decide/ownFault.ts';
import { SERVICE_REFUSES, waitReason } from '../decide/pauseReasons.ts';
import { ArchiverError, codeOf, messageOf, StoreRefused } from '../errors.ts';
import type { Attempt } from '../model/attempt.ts';
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
const FUTILE_TRIES = 5;
/** So often in a row a transfer may end because the store does not take what it brings. */
const FUTILE_TRANSFERS = 3;
/** So many files given up with none stored between: then it is the store's fault, whatever its tries say. */
const MOST_GIVEN_UP = 3;
/** What its transfers brought is gone. */
const UNKNOWN_COST = { requests: 1, wireBytes: 0, ms: 0 };

/**
 * Keeps what was fetched while a service of ours refuses it, so that its publisher is not asked again: the step that failed
 * is done again when the services take a try, every 30 s at least. Kept in this process, under the lease: what a crash or a
 * stop ends is fetched again.
 */
export class FetchedKeeper {
  readonly #deps: FetchedKeeperDeps;
  #keptBytes = 0;
  #givenUp = 0;
  /** How often in a row the store failed while the body of a URL came; in all but such cases empty. */
  readonly #unstaged = new Map<string, number>();

  constructor(deps: FetchedKeeperDeps) {
    this.#deps = deps;
  }

  /**
   * A fetch that stages while it receives. Throws what it throws; answers an attempt of its own where the store refused what came of
   * this URL again and again: then its publisher is not to be asked again soon.
   */
  async staging<Result>(url: string, fetch: () => Promise<Result>): Promise<Result | Attempt> {
    try {
      const result = await fetch();
      this.#unstaged.delete(url);
      return result;
    } catch (error) {
      const refusal = error instanceof StoreRefused ? error : await this.#unstagedOnceMore(url, error);
      if (refusal instanceof StoreRefused) return storeRefusedAttempt(UNKNOWN_COST, url, refusal.message);
      throw refusal;
    }
  }

  /**
   * Throws what `work` throws when no service is at fault or too much is kept already, `StoreRefused` where the store refuses this
   * alone, `stopped` when `signal` fires.
   */
  async keep<Result>(fetched: Fetched, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work();
      if (fetched.bytes > 0) this.#givenUp = 0;
      return result;
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
        if (!(await gate.failed(error))) throw error;
        if (futile === FUTILE_TRIES) throw await this.#giveUp(error);
      }
    }
  }

  /** What to throw. */
  async #unstagedOnceMore(url: string, error: unknown): Promise<unknown> {
    if (codeOf(error) !== 'store-failed') return error;
    const times = (this.#unstaged.get(url) ?? 0) + 1;
    this.#unstaged.set(url, times);
    if (times < FUTILE_TRANSFERS) return error;
    this.#unstaged.delete(url);
    return this.#giveUp(error);
  }

  /** What to throw: as long as files are stored between, the store works, and the gate opens for all the others. */
  async #giveUp(error: unknown): Promise<unknown> {
    if (codeOf(error) !== 'store-failed' || this.#givenUp === MOST_GIVEN_UP) return error;
    this.#givenUp += 1;
    await this.#deps.gate.recovered();
    return new StoreRefused(messageOf(error), { cause: error });
  }
}

async function pause(ms: number, signal: AbortSignal, resourceId: string): Promise<void> {
  await wait(ms, undefined, { signal }).catch((cause: unknown) => {
    throw new ArchiverError('stopped', `The archival of resource ${resourceId} was interrupted.`, { cause });
  });
}
