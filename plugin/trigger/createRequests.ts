import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Job, JobQueue } from '../job/JobQueue.ts';
import type { ArchivalRequest } from '../model/archival.ts';
import type { Logger } from '../model/logger.ts';
import type { Resource } from '../model/resource.ts';
import type { Run } from '../model/run.ts';
import type { Catalog } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';
import type { Requester, RequestResult, Requests } from './Requests.ts';

export interface RequestDeps {
  readonly catalog: Pick<Catalog, 'getResource' | 'getDataset' | 'listResources'>;
  readonly records: Pick<Records, 'archivals' | 'runs'>;
  readonly queue: Pick<JobQueue, 'add'>;
  hostOf(url: string): string;
  now(): Date;
  readonly logger: Logger;
}

type Subject = Pick<Run, 'kind' | 'lane' | 'subjectId' | 'datasetId'>;

const PAGE = 1000;
const HOSTS = 10_000;
/** Who asks does not wait longer for the queue. */
const QUEUE_ANSWER_MS = 500;

/** Requests of people. The run is noted first, so that its Location is true however the queue fares. */
export function createRequests(edges: RequestDeps): Requests {
  const { catalog, records, now } = edges;

  async function few(subject: Subject, resources: readonly Resource[], by: Requester): Promise<RequestResult> {
    const total = resources.length;
    const requests = resources.map(requestOf(edges));
    const { run, result, unqueued } = await records.runs.create({ ...subject, total }, { ...by, now: now() }, requests);
    if (result === 'conflict') return { kind: 'conflict' };
    if (result === 'repeated') return { kind: 'accepted', run };
    if (total === 0) await records.runs.setTotal(run.id, 0, now());
    await addJobs(
      edges,
      unqueued.map((resourceId) => ({ kind: 'resource', resourceId })),
    );
    return { kind: 'accepted', run: (await records.runs.get(run.id)) ?? run };
  }

  /** Page by page, until somebody cancels it; answers how many. */
  async function requestAll(runId: string): Promise<number> {
    let total = 0;
    for (let after: string | null = null; ; ) {
      const page: readonly Resource[] = await catalog.listResources({ after, limit: PAGE });
      if (page.length === 0 || (await records.runs.get(runId))?.state === 'cancelled') return total;
      await records.archivals.request(page.map(requestOf(edges)), { lane: 'bulk', runId, now: now() });
      total += page.length;
      after = page.at(-1)?.id ?? null;
    }
  }

  return {
    async resource(id, by) {
      const resource = await catalog.getResource(id);
      if (!resource) return { kind: 'not-found' };
      const subject: Subject = {
        kind: 'resource',
        lane: 'priority',
        subjectId: resource.id,
        datasetId: resource.datasetId,
      };
      return few(subject, [resource], by);
    },

    async dataset(idOrName, by) {
      const dataset = await catalog.getDataset(idOrName);
      if (!dataset) return { kind: 'not-found' };
      const subject: Subject = { kind: 'dataset', lane: 'priority', subjectId: dataset.id, datasetId: dataset.id };
      return few(subject, dataset.resources, by);
    },

    async all(by) {
      const subject: Subject = { kind: 'all', lane: 'bulk', subjectId: null, datasetId: null };
      const { run, result } = await records.runs.create({ ...subject, total: null }, { ...by, now: now() });
      if (result === 'conflict') return { kind: 'conflict' };
      if (result === 'repeated') return { kind: 'accepted', run };
      const total = await requestAll(run.id);
      await records.runs.setTotal(run.id, total, now());
      const hosts = await records.archivals.dueHosts(now(), HOSTS);
      await addJobs(
        edges,
        hosts.map(({ host }) => ({ kind: 'host', host })),
      );
      return { kind: 'accepted', run: (await records.runs.get(run.id)) ?? run };
    },
  };
}

function requestOf({ hostOf }: Pick<RequestDeps, 'hostOf'>): (resource: Resource) => ArchivalRequest {
  return ({ id, datasetId, url }) => ({ resourceId: id, datasetId, url, host: hostOf(url) });
}

/** The requests are noted already: a queue that is slow or away costs time, not the request, nor whom it answers. */
async function addJobs({ queue, logger }: RequestDeps, jobs: readonly Job[]): Promise<void> {
  const adding = queue.add(jobs).catch((error: unknown) => {
    logger.warn({ error: messageOf(error) }, 'the queue is away; the requests wait');
  });
  await Promise.race([adding, wait(QUEUE_ANSWER_MS, undefined, { ref: false })]);
}
