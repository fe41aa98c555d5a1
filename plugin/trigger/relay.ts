import { isDerived } from '../decide/circular.ts';
import { requestOf } from '../decide/requestOf.ts';
import { messageOf } from '../errors.ts';
import type { JobQueue } from '../job/JobQueue.ts';
import type { ArchivalRequest } from '../model/archival.ts';
import type { Logger } from '../model/logger.ts';
import type { Resource } from '../model/resource.ts';
import type { Catalog } from '../portal/Portal.ts';
import type { OutboxEntry, Records } from '../record/Records.ts';
import type { CatalogueWords } from './catalogueWords.ts';
import { queueResources } from './queueResources.ts';
import { requestPage } from './requestPage.ts';

/** What the relay reads and writes. `owner` names this process in its leases. */
export interface RelayDeps {
  readonly catalog: Pick<Catalog, 'getResource' | 'getDataset'>;
  readonly records: Pick<Records, 'outbox' | 'archivals' | 'leases'>;
  readonly queue: Pick<JobQueue, 'add'>;
  /** Told of each resource that a save is about, once it is requested; left out: reports do without the portal's words. */
  readonly words?: Pick<CatalogueWords, 'note'>;
  /** Adds up what reports count, now and then in one of all processes. */
  addUp?(): Promise<void>;
  /** Told of each resource that a save is about, before it is requested: its dataset may have turned private. */
  place?(resource: Resource): Promise<unknown>;
  /** Resources that left the portal. */
  onDeleted(resourceIds: readonly string[]): Promise<void>;
  readonly owner: string;
  now(): Date;
  readonly logger: Logger;
}

/** Small, so that a save that comes in the middle of a flood soon has its turn. */
const BATCH = 25;
const READS_AT_A_TIME = 5;
const POLL_MS = 1000;
const RESCUE_MS = 5000;
/** A request that no worker took up for so long lost its job. */
const LOST_AFTER_MS = 10_000;
/** One process in this time looks for all. */
const HOSTS_LEASE = 'rescue';
const HOSTS_MS = 10_000;

/** Turns recorded saves into jobs, and finds requests whose job was lost while the queue was away. */
export class OutboxRelay {
  readonly #deps: RelayDeps;
  #stopListening: (() => Promise<void>) | null = null;
  #timers: NodeJS.Timeout[] = [];
  #working: Promise<void> = Promise.resolve();
  #isWoken = false;
  #isRescuing = false;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#timers = [setInterval(() => this.wake(), POLL_MS), setInterval(() => void this.rescue(), RESCUE_MS)];
    for (const timer of this.#timers) timer.unref();
    this.#stopListening = await this.#deps.records.outbox.listen(() => this.wake());
    this.wake();
    await this.rescue();
  }

  wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    this.#working = this.#working.then(() => this.#drain());
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    await this.#stopListening?.();
    this.#stopListening = null;
    await this.#working;
  }

  /** Adds jobs again for requests that nobody works on, and for hosts whose worker died. */
  async rescue(): Promise<void> {
    // On a queue that is slower than our timer the rescues would queue up, and the saves behind them.
    if (this.#isRescuing) return;
    this.#isRescuing = true;
    await this.#rescue();
    this.#isRescuing = false;
  }

  async #rescue(): Promise<void> {
    const { records, queue, addUp, now, logger } = this.#deps;
    try {
      const ids = await records.archivals.lostRequests(now(), LOST_AFTER_MS, 1000);
      const isMyTurn = await this.#isMyTurn();
      const hosts = isMyTurn ? await records.archivals.hostsWithExpiredLeases(1000) : [];
      await queueResources(ids, { archivals: records.archivals, queue, now });
      await queue.add(hosts.map((host) => ({ kind: 'host', host })));
      if (isMyTurn) await addUp?.();
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'lost jobs could not be looked for');
    }
  }

  /** The lease is left to end by itself, so that nobody looks again before. */
  #isMyTurn(): Promise<boolean> {
    const { records, owner, now } = this.#deps;
    return records.leases.acquire(HOSTS_LEASE, `${owner} ${now().getTime()}`, HOSTS_MS, now());
  }

  async #drain(): Promise<void> {
    this.#isWoken = false;
    try {
      while ((await this.#relayBatch()) === BATCH);
    } catch (error) {
      this.#deps.logger.warn({ error: messageOf(error) }, 'saves could not be relayed; they wait in the outbox');
    }
  }

  /** The request rows commit before the outbox entries go, so a crash in between costs a repeated request, no more. */
  async #relayBatch(): Promise<number> {
    const { records, queue, words, now, logger } = this.#deps;
    const jobs: string[] = [];
    const count = await records.outbox.take(BATCH, async (entries) => {
      const resources = await this.#resourcesOf(entries);
      const requests = await this.#requestsOf(entries, resources);
      const how = { lane: 'priority', runId: null, now: now() } as const;
      const { unqueued } = await requestPage(requests, how, { archivals: records.archivals, logger });
      jobs.push(...unqueued);
      await words?.note(resources);
    });
    await queueResources(jobs, { archivals: records.archivals, queue, now });
    return count;
  }

  async #requestsOf(entries: readonly OutboxEntry[], resources: readonly Resource[]): Promise<ArchivalRequest[]> {
    const replaced = new Set(entries.filter(({ fileReplaced }) => fileReplaced).map(({ resourceId }) => resourceId));
    const created = new Set(
      entries.filter(({ event }) => event === 'afterResourceCreate').map(({ resourceId }) => resourceId),
    );
    const known = await this.#deps.records.archivals.getMany(resources.map(({ id }) => id));
    const urls = new Map(known.map(({ resourceId, url }) => [resourceId, url]));
    return resources
      .filter((resource) => !isDerived(resource))
      .filter(({ id, url }) => replaced.has(id) || urls.get(id) !== url || (created.has(id) && !urls.has(id)))
      .map(requestOf);
  }

  /** What the saves are about, each resource once; what is gone is reported and left out. */
  async #resourcesOf(entries: readonly OutboxEntry[]): Promise<Resource[]> {
    const { catalog, records, place, onDeleted } = this.#deps;
    const found = new Map<string, Resource>();
    const gone = new Set<string>();
    const saved = [...new Set(entries.flatMap((entry) => entry.resourceId ?? []))];
    await eachOf(saved, async (resourceId) => {
      const resource = await catalog.getResource(resourceId);
      if (resource) found.set(resource.id, resource);
      else gone.add(resourceId);
    });
    for (const datasetId of new Set(entries.filter(isAboutDataset).flatMap((entry) => entry.datasetId ?? []))) {
      const dataset = await catalog.getDataset(datasetId);
      for (const resource of dataset?.resources ?? []) found.set(resource.id, resource);
      const archivals = await records.archivals.listByDataset(datasetId);
      const kept = new Set(dataset?.resources.map(({ id }) => id));
      for (const { resourceId } of archivals) if (!kept.has(resourceId) && !found.has(resourceId)) gone.add(resourceId);
    }
    if (gone.size > 0) await onDeleted([...gone]);
    if (place) await eachOf([...found.values()], place);
    return [...found.values()];
  }
}

/** A few at a time, for each costs the portal a query or two. */
async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < items.length; from += READS_AT_A_TIME)
    await Promise.all(items.slice(from, from + READS_AT_A_TIME).map(work));
}

function isAboutDataset({ event }: OutboxEntry): boolean {
  return event === 'afterDatasetUpdate' || event === 'afterDatasetDelete';
}
