import type { Decision, Journey } from '../archiveResource.ts';
import { codeOf } from '../errors.ts';
import type { Lease } from '../model/archival.ts';
import type { Attempt, FetchRequest } from '../model/attempt.ts';
import type { ArchivalRecord, Archivals, Recorded } from '../record/Archivals.ts';

/** What is still fresh is found, decided and recorded with. */
export interface FreshCopiesDeps {
  readonly archivals: Pick<Archivals, 'dueAndFresh'>;
  /** Together with those of other hosts; `lease-lost`: somebody took it, wanted it or advanced it meanwhile. */
  advance(outcome: ArchivalRecord): Promise<Recorded>;
  readonly journey: Pick<Journey, 'describe' | 'answer' | 'requestFor' | 'decide' | 'notify'>;
  /** What a request comes to without being made; null: it has to be. */
  freshAttempt(request: FetchRequest): Attempt | null;
  /** true: this one takes a journey of its own, on which the store is asked for its copy. */
  isChecked(): boolean;
  /** One was recorded. */
  onAdvanced(attempt: Attempt): void;
  now(): Date;
}

/** Rows of one statement. */
const MOST = 250;

/**
 * Advances what is still fresh, many at a time: nobody is asked for it, so that it needs no lease, no place and no slot of
 * its host. What is to be looked at more closely (gone from the portal, another URL, a copy that is owed) is left for a
 * journey.
 */
export class FreshCopies {
  readonly #deps: FreshCopiesDeps;
  /** By host: how many due resources in front were looked at and left; they are not looked at again. */
  readonly #left = new Map<string, number>();

  constructor(deps: FreshCopiesDeps) {
    this.#deps = deps;
  }

  /** Those in front of a host's due resources. false: nothing else is due there. */
  async advance(host: string, signal: AbortSignal): Promise<boolean> {
    if (this.#left.has(host)) return true;
    while (!signal.aborted) {
      const { archivals, now } = this.#deps;
      const { due, fresh } = await archivals.dueAndFresh(host, { now: now(), limit: MOST });
      const left = due - (await this.#advanceAll(fresh));
      if (left > 0) this.#left.set(host, left);
      if (left > 0 || due < MOST) return left > 0;
    }
    return true;
  }

  /** So many were leased since; `all`: nothing that is due was left. */
  leased(host: string, count: number | 'all'): void {
    const left = count === 'all' ? 0 : (this.#left.get(host) ?? 0) - count;
    if (left > 0) this.#left.set(host, left);
    else this.#left.delete(host);
  }

  /** Answers how many; what the database refuses as data is left for a journey. */
  async #advanceAll(fresh: readonly Lease[]): Promise<number> {
    const advanced = await Promise.all(fresh.map((lease) => this.#advanceOne(lease)));
    return advanced.filter(Boolean).length;
  }

  async #advanceOne(lease: Lease): Promise<boolean> {
    const { advance, journey, onAdvanced } = this.#deps;
    const decision = await this.#decide(lease);
    if (!decision) return false;
    try {
      const recorded = await advance(decision.outcome);
      if (recorded.result !== 'recorded') return false;
      journey.notify(decision, recorded);
      onAdvanced(decision.attempt);
      return true;
    } catch (error) {
      if (codeOf(error) === 'data-refused') return false;
      throw error;
    }
  }

  /** null: it takes a journey. */
  async #decide(lease: Lease): Promise<Decision | null> {
    const { journey, freshAttempt, isChecked } = this.#deps;
    if (isChecked()) return null;
    const resource = await journey.describe(lease.resourceId);
    if (!resource || resource.url !== lease.archival.url) return null;
    if (journey.answer(lease, resource, null)) return null;
    const asked = { lease, resource, unrecorded: null, missing: null };
    const attempt = freshAttempt(await journey.requestFor(asked));
    if (!attempt) return null;
    const decision = journey.decide({ ...asked, attempt, owed: null });
    return isPlain(decision.outcome) ? decision : null;
  }
}

/** Nothing but the archival itself changes. */
function isPlain({ settled, copy, landing, writeBack, history }: ArchivalRecord): boolean {
  return settled && !copy && !landing && !writeBack && (history?.changes.length ?? 0) === 0;
}
