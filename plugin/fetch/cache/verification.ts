import type { Known } from '../../model/attempt.ts';
import { NO_BODY } from '../../model/body.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Trace } from '../outcome/trace.ts';
import type { DistrustedHosts } from './distrustedHosts.ts';

/** What decides which responses are verified. */
export interface VerificationDeps {
  readonly distrustedHosts: DistrustedHosts;
  /** 0 to 1: the share of unchanged files that are read in full nevertheless. */
  readonly verifyShare: number;
  /** 0 to 1. */
  random(): number;
}

/** Checks servers that say a file is unchanged: now and then, and each time on a host that was wrong before. */
export class Verification {
  readonly #deps: VerificationDeps;

  constructor(deps: VerificationDeps) {
    this.#deps = deps;
  }

  /** Never for a copy without a hash: there is nothing to compare with. */
  isDue(known: Known, url: URL): boolean {
    const { distrustedHosts, random, verifyShare } = this.#deps;
    if (known.sha256 === null && known.md5 === null) return false;
    return distrustedHosts.has(url) || random() < verifyShare;
  }

  /** The outcome once the file was read in full; `read` is what that came to, null where no file could be read. */
  compare(unchanged: Outcome, read: Outcome | null, url: URL, trace: Trace): Outcome {
    if (read?.kind === 'fetched') {
      trace.falselyUnchanged = true;
      this.#deps.distrustedHosts.add(url);
      trace.evidence.push('the server said that nothing had changed, and sent other bytes when asked in full');
      return read;
    }
    if (read?.code !== 'same-hash') {
      trace.evidence.push('it was to be read in full to make sure, which failed');
      return unchanged;
    }
    trace.evidence.push('read in full to make sure: the same hash');
    return { ...unchanged, body: read.body ?? NO_BODY };
  }
}
