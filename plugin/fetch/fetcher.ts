import { ArchiverError } from '../errors.ts';
import type { Attempt, FetchRequest } from '../model/attempt.ts';
import type { HostPlaces } from '../model/hostPlaces.ts';
import type { Config } from '../settings/Config.ts';
import type { StageOpener } from './body/bodySink.ts';
import { HeldBytes } from './body/heldBytes.ts';
import { DistrustedHosts } from './cache/distrustedHosts.ts';
import { stillFresh } from './cache/knownCopy.ts';
import { Verification } from './cache/verification.ts';
import type { AttemptSettings } from './exchange/AttemptScope.ts';
import { type DeadlineSettings, Deadlines, type SpeedFloor } from './exchange/deadlines.ts';
import { FetchAttempt } from './fetchAttempt.ts';
import { HostVisits } from './follow/hostVisits.ts';
import type { GuardedConnections } from './follow/requestSender.ts';
import { parseUrl } from './http/parseUrl.ts';
import { failure } from './outcome/failure.ts';
import type { Outcome } from './outcome/outcome.ts';
import { outcomeOf } from './outcome/outcome.ts';
import { Trace } from './outcome/trace.ts';
import { mayBeSpared, withLowerCasedHeaders } from './sparedUntil.ts';
import { HashThread } from './thread/hashWorker.ts';
import { type FreshnessSettings, toAttempt } from './toAttempt.ts';
import { userAgent } from './userAgent.ts';

/** The settings of fetching, apart from those of its connections. */
export type FetchSettings = AttemptSettings & DeadlineSettings & FreshnessSettings & Pick<Config, 'contact'>;

/** What a fetcher is made with; `agents` belong to it from then on. */
export interface FetcherDeps {
  readonly agents: GuardedConnections & { close(): Promise<void> };
  /** The portal's URL, for the User-Agent. */
  readonly site?: string | null;
  /** Where requests to other hosts than a link's take a place; none: nobody counts. */
  readonly places?: HostPlaces | null;
  /** 0 to 1; decides which unchanged files are read in full nevertheless. */
  readonly random?: () => number;
  /** What its bodies may hold at the same time. */
  readonly held?: HeldBytes;
}

/** One URL and what we know of it → one Attempt: RFC 9110, RFC 9111 and what servers make of them. */
export class Fetcher {
  readonly #settings: FetchSettings;
  readonly #deps: FetcherDeps;
  readonly #hashThread = new HashThread();
  readonly #floor: SpeedFloor = { bytesPerSecond: 0 };
  readonly #verification: Verification;
  readonly #userAgent: string;
  readonly #held: HeldBytes;

  constructor(settings: FetchSettings, deps: FetcherDeps) {
    const { random = Math.random, site = null, held = new HeldBytes() } = deps;
    this.#settings = settings;
    this.#deps = deps;
    this.#held = held;
    this.#userAgent = userAgent(site, settings.contact);
    this.#verification = new Verification({
      distrustedHosts: new DistrustedHosts(),
      verifyShare: settings.verifyShare,
      random,
    });
  }

  /**
   * `stages` null: the bytes are hashed and classified, not kept. Never throws for what a server did: throws
   * `store-failed` (or `thread-failed`) when our own parts do not work, and `stopped` when `signal` ended it.
   */
  async fetch(asked: FetchRequest, stages: StageOpener | null, signal: AbortSignal): Promise<Attempt> {
    const request = withLowerCasedHeaders(asked);
    const trace = new Trace();
    const outcome = await this.#outcome(request, stages, signal, trace);
    if (signal.aborted && outcome.code === 'internal') throw new ArchiverError('stopped', 'The attempt was stopped.');
    return toAttempt(request, trace, outcome, this.#settings);
  }

  /** From now on, also for what is under way; 0: as the settings say. */
  setLeastSpeed(bytesPerSecond: number): void {
    this.#floor.bytesPerSecond = bytesPerSecond;
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
    if (request.known && mayBeSpared(request, this.#settings)) return stillFresh(request.known);
    const deadlines = new Deadlines(this.#settings, this.#floor);
    const { agents, places = null } = this.#deps;
    const visits = new HostVisits({ url: parsed.url, places, trace, signal });
    let outcome: Outcome | null = null;
    try {
      const attempt = new FetchAttempt({
        scope: { settings: this.#settingsFor(request), trace, deadlines, visits, signal },
        agents,
        userAgent: this.#userAgent,
        request,
        stages,
        hashThread: this.#hashThread,
        held: this.#held,
        verification: this.#verification,
      });
      outcome = await attempt.run(parsed.url, parsed.credentials);
      return outcome;
    } finally {
      visits.end(outcome);
      deadlines.close();
    }
  }

  /** What is left of a total may be less than one file may have. */
  #settingsFor({ maxBytes }: FetchRequest): FetchSettings {
    const settings = this.#settings;
    return maxBytes === undefined || maxBytes >= settings.maxBytes ? settings : { ...settings, maxBytes };
  }
}
