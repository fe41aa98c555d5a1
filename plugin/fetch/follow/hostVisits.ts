import { costOf } from '../../decide/fetchCost.ts';
import { hostOfUrl } from '../../decide/hostOf.ts';
import type { Attempt } from '../../model/attempt.ts';
import type { HostPlace, HostPlaces } from '../../model/hostPlaces.ts';
import type { Visits } from '../exchange/AttemptScope.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Trace } from '../outcome/trace.ts';

/** What the visits of one attempt stand on. */
export interface HostVisitsDeps {
  /** The URL of the link: the caller holds a place at its host. */
  readonly url: URL;
  /** null: nobody counts. */
  readonly places: HostPlaces | null;
  readonly trace: Trace;
  readonly signal: AbortSignal;
}

interface Stay {
  readonly place: HostPlace;
  readonly requests: number;
  readonly wireBytes: number;
  readonly startedAt: number;
}

/** How a host answered that only led on. */
const LED_ON = { code: 'archived', status: 302, retryAfterMs: null } as const;

/** Which host the requests of one attempt have come to: a place at one other than the link's is held while it is asked. */
export class HostVisits implements Visits {
  readonly #deps: HostVisitsDeps;
  readonly #home: string;
  #host: string;
  #stay: Stay | null = null;

  constructor(deps: HostVisitsDeps) {
    this.#deps = deps;
    this.#home = hostOfUrl(deps.url);
    this.#host = this.#home;
  }

  async moveTo(url: URL): Promise<Failure | null> {
    const { places, signal, trace } = this.#deps;
    const host = hostOfUrl(url);
    if (host === this.#host) return null;
    this.#leave(LED_ON);
    this.#host = this.#home;
    if (places && host !== this.#home && host !== '') {
      const entrance = await places.enter(host, this.#home, signal);
      if (entrance.kind === 'busy') {
        trace.deferredMs = entrance.retryInMs;
        return failure('internal', `The host ${host}, where the link leads, is busy; it is asked later.`);
      }
      const { requests, wireBytes } = trace;
      this.#stay = { place: entrance.place, requests, wireBytes, startedAt: performance.now() };
    }
    this.#host = host;
    return null;
  }

  /** The attempt is over; null: it was given up. */
  end(outcome: Outcome | null): void {
    this.#deps.trace.elsewhere.ended = this.#stay !== null;
    const status = outcome?.status === undefined ? (outcome?.response?.status ?? null) : outcome.status;
    this.#leave({ code: outcome?.code ?? 'internal', status, retryAfterMs: outcome?.retryAfterMs ?? null });
  }

  #leave(answer: Pick<Attempt, 'code' | 'status' | 'retryAfterMs'>): void {
    if (!this.#stay) return;
    const { place, startedAt, ...before } = this.#stay;
    this.#stay = null;
    const { trace } = this.#deps;
    const requests = trace.requests - before.requests;
    const wireBytes = trace.wireBytes - before.wireBytes;
    trace.elsewhere.requests += requests;
    trace.elsewhere.wireBytes += wireBytes;
    place.leave(costOf({ ...answer, requests, wireBytes, ms: performance.now() - startedAt }));
  }
}
