import { setTimeout as wait } from 'node:timers/promises';
import { requestOf } from '../decide/requestOf.ts';
import { messageOf } from '../errors.ts';
import type { JobQueue } from '../job/JobQueue.ts';
import type { Logger } from '../model/logger.ts';
import type { Resource } from '../model/resource.ts';
import type { Run } from '../model/run.ts';
import type { Catalog } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';
import type { CatalogueWords } from './catalogueWords.ts';
import { pages } from './pages.ts';
import { queueResources } from './queueResources.ts';
import type { Requester, RequestResult, Requests } from './Requests.ts';
import { requestPage } from './requestPage.ts';

/** What requests read and write. */
export interface RequestDeps {
  readonly catalog: Pick<Catalog, 'getResource' | 'getDataset' | 'listResources'>;
  readonly records: Pick<Records, 'archivals' | 'runs'>;
  readonly queue: Pick<JobQueue, 'add'>;
  /** Told of what is asked for; left out: reports do without the portal's words until the next sweep. */
  readonly words?: Pick<CatalogueWords, 'note'>;
  now(): Date;
  readonly logger: Logger;
}

type Subject = Pick<Run, 'kind' | 'lane' | 'subjectId' | 'datasetId'>;

const EVERYTHING: Subject = { kind: 'all', lane: 'bulk', subjectId: null, datasetId: null };
const PAGE = 1000;
const HOSTS = 10_000;
/** The caller does not wait longer for the queue. */
const QUEUE_ANSWER_MS = 500;

/** {@link Requests}: the run is recorded first, so that its Location is true however the queue fares. */
export class ArchivalRequests implements Requests {
  readonly #deps: RequestDeps;

  constructor(deps: RequestDeps) {
    this.#deps = deps;
  }

  async resource(id: string, by: Requester): Promise<RequestResult> {
    const resource = await this.#deps.catalog.getResource(id);
    if (!resource) return { kind: 'not-found' };
    const subject = { kind: 'resource', subjectId: resource.id, datasetId: resource.datasetId } as const;
    return this.#requestFew({ ...subject, lane: 'priority' }, [resource], by);
  }

  async dataset(idOrName: string, by: Requester): Promise<RequestResult> {
    const dataset = await this.#deps.catalog.getDataset(idOrName);
    if (!dataset) return { kind: 'not-found' };
    const subject = { kind: 'dataset', subjectId: dataset.id, datasetId: dataset.id } as const;
    return this.#requestFew({ ...subject, lane: 'priority' }, dataset.resources, by);
  }

  async all(by: Requester): Promise<RequestResult> {
    const { records, now } = this.#deps;
    const { run, result } = await records.runs.create({ ...EVERYTHING, total: null }, { ...by, now: now() });
    if (result === 'conflict') return { kind: 'conflict' };
    if (result === 'repeated') return { kind: 'accepted', run };
    const total = await this.#requestAll(run.id);
    await records.runs.setTotal(run.id, total, now());
    const hosts = await records.archivals.dueHosts(now(), HOSTS);
    const jobs = hosts.map(({ host }) => ({ kind: 'host', host }) as const);
    return this.#accepted(run, this.#deps.queue.add(jobs));
  }

  async #requestFew(subject: Subject, resources: readonly Resource[], by: Requester): Promise<RequestResult> {
    const { records, now } = this.#deps;
    const total = resources.length;
    const asked = { ...by, now: now() };
    const created = await records.runs.create({ ...subject, total }, asked, resources.map(requestOf));
    const { run, result, unqueued } = created;
    if (result === 'conflict') return { kind: 'conflict' };
    if (result === 'repeated') return { kind: 'accepted', run };
    if (total === 0) await records.runs.setTotal(run.id, 0, now());
    await this.#deps.words?.note(resources);
    const { queue } = this.#deps;
    return this.#accepted(run, queueResources(unqueued, { archivals: records.archivals, queue, now }));
  }

  /** Page by page, until somebody cancels it; answers how many. */
  async #requestAll(runId: string): Promise<number> {
    const { catalog, records, words, now, logger } = this.#deps;
    const pageDeps = { archivals: records.archivals, logger };
    let total = 0;
    for await (const page of pages((after) => catalog.listResources({ after, limit: PAGE }))) {
      if ((await records.runs.get(runId))?.state === 'cancelled') break;
      const requests = page.map(requestOf);
      const { refused } = await requestPage(requests, { lane: 'bulk', runId, now: now() }, pageDeps);
      total += page.length - refused;
      await words?.note(page);
    }
    return total;
  }

  async #accepted(run: Run, queued: Promise<void>): Promise<RequestResult> {
    await this.#waitFor(queued);
    return { kind: 'accepted', run: (await this.#deps.records.runs.get(run.id)) ?? run };
  }

  /** The requests are recorded already: a queue that is slow or away costs time, neither the request nor the answer. */
  async #waitFor(queued: Promise<void>): Promise<void> {
    const { logger } = this.#deps;
    const adding = queued.catch((error: unknown) => {
      logger.warn({ error: messageOf(error) }, 'the queue is away; the requests wait');
    });
    await Promise.race([adding, wait(QUEUE_ANSWER_MS, undefined, { ref: false })]);
  }
}
