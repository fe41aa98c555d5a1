import { archiveResource, type Journey, type JourneyResult } from '../archiveResource.ts';
import { costOf, NO_REQUEST } from '../decide/fetchCost.ts';
import { waitReason } from '../decide/pauseReasons.ts';
import { ArchivalFailed, messageOf, RetryLater } from '../errors.ts';
import type { JobContext, JobHandlers } from '../job/JobQueue.ts';
import type { FetchCost } from '../model/host.ts';
import type { Logger } from '../model/logger.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { HostBatch } from './hostBatch.ts';
import type { HostQueue, WaitingArchival } from './hostQueue.ts';
import type { LaneMoves } from './laneMoves.ts';
import type { LeaseRenewal } from './leaseRenewal.ts';
import type { ServiceGate } from './serviceGate.ts';

/** What the jobs of the queue read, write and call. */
export interface JobHandlerDeps {
  readonly archivals: Pick<Archivals, 'lease' | 'release' | 'get' | 'postpone' | 'park'>;
  readonly nextWaiting: Archivals['nextWaiting'];
  readonly leaseRenewal: LeaseRenewal;
  readonly gate: Pick<ServiceGate, 'closed' | 'failed' | 'succeeded'>;
  readonly hostBatch: Pick<HostBatch, 'run'>;
  /** For interactive requests: fetches in this thread. */
  readonly journey: Journey;
  /** The job of a resource starts at this moment, or earlier where it would anyhow. */
  requeue(resourceId: string, at: Date): Promise<void>;
  readonly moves: Pick<LaneMoves, 'ended'>;
  /** Names this process in its leases. */
  readonly owner: string;
  readonly leaseMs: number;
  now(): Date;
  readonly logger: Logger;
}

/** One archival on behalf of a job: the job leaves when it takes long. */
interface Turn {
  result: JourneyResult | null;
  isLeft: boolean;
}

/** After an error of ours an archival is not taken up again before. */
const INTERRUPTED_MS = 5000;

/** What the jobs of the queue do: a resource's archives it for its requests, a host's takes its share of what is due. */
export class ArchivalJobs implements JobHandlers {
  readonly #deps: JobHandlerDeps;
  readonly #hostQueue: HostQueue;
  readonly #stopping = new AbortController();
  #followed: AbortSignal | null = null;
  /** When it fires nothing new begins. */
  #closing: AbortSignal | null = null;

  /** `openQueue`: makes the queue in which requests wait for their hosts, given who waits. */
  constructor(deps: JobHandlerDeps, openQueue: (waiting: ArchivalJobs) => HostQueue) {
    this.#deps = deps;
    this.#hostQueue = openQueue(this);
  }

  async resource(resourceId: string, context: JobContext): Promise<void> {
    this.#follow(context.signal);
    this.#closing = context.closing ?? this.#closing;
    for (let result = await this.#archiveOnce(resourceId); result; result = await this.#archiveOnce(resourceId)) {
      if (!result.wantedAgain) return reportEnd(result);
    }
  }

  host(host: string, { signal, closing }: JobContext): Promise<Date | null> {
    return this.#deps.hostBatch.run(host, signal, closing);
  }

  /** The archival that waits longest for this host; null: none, or nothing is to be fetched now. */
  async next(host: string): Promise<WaitingArchival | null> {
    const { nextWaiting, gate, now } = this.#deps;
    if (this.#closing?.aborted) return null;
    const waiting = await nextWaiting(host, { now: now() });
    if (waiting === null || (await gate.closed())) return null;
    return { archive: () => this.#archiveWaiting(waiting.resourceId), group: waiting.datasetId };
  }

  /** A place of the host became free. */
  freed(host: string): void {
    this.#hostQueue.wake(host);
  }

  /** Ends what goes on without its job, after the queue was stopped. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#hostQueue.close();
  }

  /** null: nobody wants it, or somebody else works on it. Throws `RetryLater` when it is not its turn yet. */
  async #archiveOnce(resourceId: string): Promise<JourneyResult | null> {
    const { archivals, now } = this.#deps;
    const archival = await archivals.get(resourceId);
    if (!archival || archival.requestSeq <= archival.doneSeq) return null;
    const earlyMs = (archival.nextCheckAt?.getTime() ?? 0) - now().getTime();
    if (earlyMs > 0) throw new RetryLater('The next try is not due yet.', earlyMs);
    await this.#waitForServices(resourceId);
    const turn: Turn = { result: null, isLeft: false };
    const busyMs = await this.#hostQueue.run(archival.host, {
      archive: () => this.#archiveFor(turn, resourceId),
      group: archival.datasetId,
    });
    if (busyMs === null) return turn.result;
    turn.isLeft = true;
    await archivals.park(resourceId, new Date(now().getTime() + busyMs));
    throw new RetryLater('The host of the resource is busy.', busyMs);
  }

  async #archiveFor(turn: Turn, resourceId: string): Promise<FetchCost> {
    turn.result = await this.#archiveLeased(resourceId);
    if (turn.isLeft) await this.#callBack(resourceId, turn.result);
    return turn.result ? costOf(turn.result.attempt) : NO_REQUEST;
  }

  /** Its own job waits for later: what goes wrong here is tried again, soon but not immediately. */
  async #archiveWaiting(resourceId: string): Promise<FetchCost> {
    const { archivals, now, logger } = this.#deps;
    try {
      const result = await this.#archiveLeased(resourceId);
      await this.#callBack(resourceId, result);
      return result ? costOf(result.attempt) : NO_REQUEST;
    } catch (error) {
      if (this.#stopping.signal.aborted) throw error;
      logger.warn({ resourceId, error: messageOf(error) }, 'archival interrupted');
      await archivals.postpone(resourceId, new Date(now().getTime() + INTERRUPTED_MS));
      return NO_REQUEST;
    }
  }

  /** The job that left, or never began, comes back for what is still to be done. */
  async #callBack(resourceId: string, result: JourneyResult | null): Promise<void> {
    const { requeue, now } = this.#deps;
    if (result?.wantedAgain) await requeue(resourceId, now());
    else if (result && result.retryInMs !== null)
      await requeue(resourceId, new Date(now().getTime() + result.retryInMs));
  }

  /** null: somebody else works on it, or nobody wants it any more. */
  async #archiveLeased(resourceId: string): Promise<JourneyResult | null> {
    const { archivals, leaseRenewal, journey, gate, moves, owner, leaseMs, now } = this.#deps;
    const lease = await archivals.lease(resourceId, { owner, leaseMs, now: now() });
    if (!lease) return null;
    const { signal } = this.#stopping;
    try {
      const result = await leaseRenewal.hold(lease, signal, (held) => archiveResource(lease, journey, held));
      gate.succeeded();
      if (result) moves.ended('priority', result.attempt);
      return result;
    } catch (error) {
      // A lease that cannot be given back now expires by itself.
      await archivals.release([lease]).catch(() => undefined);
      if (await gate.failed(error)) await this.#waitForServices(resourceId);
      throw error;
    }
  }

  /** Throws `RetryLater` while a service of ours refuses: the request waits without a fetch, and says why. */
  async #waitForServices(resourceId: string): Promise<void> {
    const { archivals, gate, now } = this.#deps;
    const closed = await gate.closed();
    if (!closed) return;
    const reason = waitReason(closed.reason);
    await archivals.postpone(resourceId, new Date(now().getTime() + closed.ms), reason).catch(() => undefined);
    throw new RetryLater(reason, closed.ms);
  }

  /** When the queue stops, all stops, whichever job began it. */
  #follow(signal: AbortSignal): void {
    if (this.#followed === signal) return;
    this.#followed = signal;
    if (signal.aborted) this.#stopping.abort(signal.reason);
    else signal.addEventListener('abort', () => this.#stopping.abort(signal.reason), { once: true });
  }
}

/** Tells the queue how it ended: returns when it is done, throws when it runs again later or has failed for good. */
function reportEnd({ attempt, retryInMs }: JourneyResult): void {
  if (retryInMs !== null) throw new RetryLater(attempt.reason, retryInMs);
  if (attempt.kind === 'failed') throw new ArchivalFailed(attempt.reason);
}
