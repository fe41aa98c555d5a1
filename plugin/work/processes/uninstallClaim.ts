import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { ArchiverError } from '../../errors.ts';
import { Renewal } from '../../lease/renewal.ts';
import type { Processes } from '../../record/Processes.ts';

/** How others are waited for. */
export interface UninstallClaimDeps {
  readonly processes: Pick<Processes, 'claimUninstall' | 'dropClaim' | 'working'>;
  readonly timeoutMs: number;
  /** Breaks the waiting off. */
  readonly signal: AbortSignal;
  /** Told at first and every ten seconds who is waited for. */
  onWait(waitsFor: string): void;
}

/** Who dies with the claim gives it up after so long. */
const CLAIM_MS = 30_000;
const LOOK_MS = 500;
const SAY_EVERY_MS = 10_000;

/** The right to uninstall: while it is held other processes make way, and nobody starts or migrates. */
export class UninstallClaim {
  readonly #deps: UninstallClaimDeps;
  readonly #owner = `${hostname()} ${process.pid} ${randomUUID()}`;
  readonly #renewal: Renewal;

  private constructor(deps: UninstallClaimDeps) {
    this.#deps = deps;
    this.#renewal = new Renewal(CLAIM_MS, () => this.#take());
  }

  /**
   * Resolves when nobody else works any more. Throws `ArchiverError('in-use')` where somebody still does when the time is over,
   * or another process uninstalls, and `stopped` where it was broken off; then everybody may start again.
   */
  static async take(deps: UninstallClaimDeps): Promise<UninstallClaim> {
    const claim = new UninstallClaim(deps);
    try {
      if (!(await claim.#take()))
        throw new ArchiverError('in-use', 'Nothing was dropped: another process is uninstalling the archiver.');
      await claim.#waitForOthers();
      return claim;
    } catch (error) {
      await claim.drop();
      throw error;
    }
  }

  /** The tables are gone, and the claim with them. */
  end(): void {
    this.#renewal.stop();
  }

  /** Everybody may start again. Never rejects: a claim that cannot be dropped ends by itself. */
  async drop(): Promise<void> {
    this.end();
    await this.#deps.processes.dropClaim(this.#owner).catch(() => undefined);
  }

  #take(): Promise<boolean> {
    return this.#deps.processes.claimUninstall(this.#owner, CLAIM_MS);
  }

  async #waitForOthers(): Promise<void> {
    const { processes, timeoutMs, signal, onWait } = this.#deps;
    const startedAt = performance.now();
    let saidAt = Number.NEGATIVE_INFINITY;
    for (;;) {
      const working = workingText(await processes.working());
      if (working === null) return;
      const at = performance.now();
      if (signal.aborted)
        throw new ArchiverError('stopped', `Nothing was dropped: it was stopped while it waited for ${working}.`);
      if (at - startedAt >= timeoutMs) throw stillAtWork(working, timeoutMs);
      if (at - saidAt >= SAY_EVERY_MS) onWait(working);
      if (at - saidAt >= SAY_EVERY_MS) saidAt = at;
      await wait(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** null: nobody works. */
function workingText({ owners, leased }: Awaited<ReturnType<Processes['working']>>): string | null {
  const told = [
    ...owners.map(processText),
    ...(leased > 0 ? [`${leased} leased ${leased === 1 ? 'resource' : 'resources'}`] : []),
  ];
  return told.length > 0 ? told.join(', ') : null;
}

/** Without what only tells apart the archivers of one process. */
function processText(owner: string): string {
  const [host, pid] = owner.split(' ');
  return `process ${pid} on ${host}`;
}

const stillAtWork = (working: string, timeoutMs: number) =>
  new ArchiverError(
    'in-use',
    `Nothing was dropped: after ${Math.round(timeoutMs / 1000)} s there is still ${working}. Stop them and run it again; ` +
      'processes that have stopped for it can be started again.',
  );
