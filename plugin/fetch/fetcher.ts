import { ArchiverError } from '../errors.ts';
import type { Attempt, FetchRequest } from '../model/attempt.ts';
import type { Config } from '../settings/loadConfig.ts';
import type { StageOpener } from './body/bodySink.ts';
import { DistrustedHosts } from './cache/distrustedHosts.ts';
import { isFresh } from './cache/freshness.ts';
import { holdsCopyOf, stillFresh } from './cache/knownCopy.ts';
import { type DeadlineSettings, Deadlines } from './exchange/deadlines.ts';
import { type AttemptSettings, FetchAttempt } from './fetchAttempt.ts';
import type { GuardedConnections } from './follow/redirectChain.ts';
import { lowerCased } from './http/headers.ts';
import { parseUrl } from './http/parseUrl.ts';
import { failure } from './outcome/failure.ts';
import type { Outcome } from './outcome/outcome.ts';
import { outcomeOf } from './outcome/outcome.ts';
import { Trace } from './outcome/trace.ts';
import { HashThread } from './thread/hashWorker.ts';
import { type FreshnessSettings, toAttempt } from './toAttempt.ts';
import { userAgent } from './userAgent.ts';

export type FetchSettings = AttemptSettings & DeadlineSettings & FreshnessSettings & Pick<Config, 'contact'>;

export interface FetcherDeps {
  readonly agents: GuardedConnections & { close(): Promise<void> };
  /** The portal's URL, for the User-Agent. */
  readonly site?: string | null;
  /** 0 to 1; decides which answers are checked in full. */
  readonly random?: () => number;
}

/** One URL and what we know of it → one Attempt: RFC 9110, RFC 9111 and what servers make of them. */
export class Fetcher {
  readonly #settings: FetchSettings;
  readonly #deps: FetcherDeps;
  readonly #hashThread = new HashThread();
  readonly #distrustedHosts = new DistrustedHosts();
  readonly #userAgent: string;

  constructor(settings: FetchSettings, parts: FetcherDeps) {
    this.#settings = settings;
    this.#deps = parts;
    this.#userAgent = userAgent(parts.site ?? null, settings.contact);
  }

  /**
   * `stages` null: the bytes are hashed and judged, not kept. Never throws for what a server did: throws
   * `store-failed` (or `thread-failed`) when our own parts do not work, and `stopped` when `signal` ended it.
   */
  async fetch(asked: FetchRequest, stages: StageOpener | null, signal: AbortSignal): Promise<Attempt> {
    const request = { ...asked, known: asked.known && { ...asked.known, headers: lowerCased(asked.known.headers) } };
    const trace = new Trace();
    const outcome = await this.#outcome(request, stages, signal, trace);
    if (signal.aborted && outcome.code === 'internal') throw new ArchiverError('stopped', 'The attempt was stopped.');
    return toAttempt(request, trace, outcome, this.#settings);
  }

  /** Closes the agents too. */
  async close(): Promise<void> {
    await this.#hashThread.close();
    await this.#deps.agents.close();
  }

  async #outcome(
    request: FetchRequest,
    stages: StageOpener | null,
    signal: AbortSignal,
    trace: Trace,
  ): Promise<Outcome> {
    const parsed = parseUrl(request.url);
    if (parsed.kind === 'invalid') return outcomeOf(failure(parsed.code, parsed.reason));
    const { url, credentials } = parsed;
    const { known } = request;
    if (
      known &&
      request.mode === 'sweep' &&
      holdsCopyOf(known, request.url) &&
      isFresh(known, request.now, this.#settings)
    ) {
      return stillFresh(known);
    }
    const deadlines = new Deadlines(this.#settings);
    const { agents, random = Math.random } = this.#deps;
    try {
      const attempting = new FetchAttempt({
        settings: this.#settings,
        agents,
        userAgent: this.#userAgent,
        request,
        stages,
        hashThread: this.#hashThread,
        distrustedHosts: this.#distrustedHosts,
        trace,
        deadlines,
        signal,
        random,
      });
      return await attempting.run(url, credentials);
    } finally {
      deadlines.close();
    }
  }
}
