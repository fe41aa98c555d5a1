import { archiveResource, type Journey, type JourneyResult } from '../archiveResource.ts';
import { costOf, NO_REQUEST } from '../decide/fetchCost.ts';
import { waitReason } from '../decide/pauseReasons.ts';
import { ArchivalFailed, RetryLater } from '../errors.ts';
import type { JobContext, JobHandlers } from '../job/JobQueue.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { HostBatch } from './hostBatch.ts';
import type { HostQueue } from './hostQueue.ts';
import type { LeaseRenewal } from './leaseRenewal.ts';
import type { ServiceGate } from './serviceGate.ts';

/** What the jobs of the queue read, write and call. */
export interface JobHandlerDeps {
  readonly archivals: Pick<Archivals, 'lease' | 'release' | 'get' | 'postpone'>;
  readonly leaseRenewal: LeaseRenewal;
  readonly gate: Pick<ServiceGate, 'closed' | 'failed' | 'succeeded'>;
  readonly hostQueue: Pick<HostQueue, 'run'>;
  readonly hostBatch: Pick<HostBatch, 'run'>;
  /** For interactive requests: fetches in this thread. */
  readonly journey: Journey;
  /** Names this process in its leases. */
  readonly owner: string;
  readonly leaseMs: number;
  now(): Date;
}

const BUSY_MS = 1000;
const LONGEST_BUSY_MS = 10_000;

/** What the jobs of the queue do: a resource's archives it for its requests, a host's takes its share of what is due. */
export class ArchivalJobs implements JobHandlers {
  readonly #deps: JobHandlerDeps;

  constructor(deps: JobHandlerDeps) {
    this.#deps = deps;
  }

  async resource(resourceId: string, context: JobContext): Promise<void> {
    const archival = await this.#deps.archivals.get(resourceId);
    if (!archival) return;
    let result = await this.#archive(resourceId, archival.host, context);
    while (result?.wantedAgain) result = await this.#archive(resourceId, archival.host, context);
    if (result) reportEnd(result);
  }

  host(host: string, { signal, closing }: JobContext): Promise<Date | null> {
    return this.#deps.hostBatch.run(host, signal, closing);
  }

  /** Throws `RetryLater` when the host cannot be asked soon. */
  async #archive(resourceId: string, host: string, context: JobContext): Promise<JourneyResult | null> {
    await this.#waitForServices(resourceId);
    let result: JourneyResult | null = null;
    const busyMs = await this.#deps.hostQueue.run(host, async () => {
      result = await this.#archiveLeased(resourceId, context.signal);
      return result ? costOf(result.attempt) : NO_REQUEST;
    });
    if (busyMs !== null) throw await this.#requeueBusyHost(resourceId, busyMs, context.retryCount);
    return result;
  }

  /** null: somebody else works on it, or nobody wants it any more. */
  async #archiveLeased(resourceId: string, signal: AbortSignal): Promise<JourneyResult | null> {
    const { archivals, leaseRenewal, journey, gate, owner, leaseMs, now } = this.#deps;
    const lease = await archivals.lease(resourceId, { owner, leaseMs, now: now() });
    if (!lease) return null;
    try {
      const result = await leaseRenewal.hold(lease, signal, (held) => archiveResource(lease, journey, held));
      gate.succeeded();
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

  /** The host is busy or asked for a pause: the job waits in the queue, where it takes no place from other hosts. */
  async #requeueBusyHost(resourceId: string, busyMs: number, retryCount: number): Promise<RetryLater> {
    const { archivals, now } = this.#deps;
    const delayMs = Math.max(busyMs, Math.min(BUSY_MS * 2 ** retryCount, LONGEST_BUSY_MS));
    await archivals.postpone(resourceId, new Date(now().getTime() + delayMs));
    return new RetryLater('The host of the resource is busy.', delayMs);
  }
}

/** Tells the queue how it ended: returns when it is done, throws when it runs again later or has failed for good. */
function reportEnd({ attempt, retryInMs }: JourneyResult): void {
  if (retryInMs !== null) throw new RetryLater(attempt.reason, retryInMs);
  if (attempt.kind === 'failed') throw new ArchivalFailed(attempt.reason);
}
