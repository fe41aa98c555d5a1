import { messageOf } from '../errors.ts';
import type { JobQueue } from '../job/JobQueue.ts';
import type { Resource } from '../model/resource.ts';
import type { Run } from '../model/run.ts';
import type { Catalog, Logger } from '../portal/Portal.ts';
import type { ArchivalWish, Records } from '../record/Records.ts';
import type { Requester, RequestResult, Requests } from './Requests.ts';

export interface RequestEdges {
  readonly catalog: Pick<Catalog, 'getResource' | 'getDataset' | 'listResources'>;
  readonly records: Pick<Records, 'archivals' | 'runs'>;
  readonly queue: Pick<JobQueue, 'add'>;
  hostOf(url: string): string;
  now(): Date;
  readonly logger: Logger;
}

type Subject = Pick<Run, 'kind' | 'lane' | 'subjectId' | 'datasetId'>;

/** The total of a run whose resources are still being counted: it cannot end before `setTotal`. */
const UNCOUNTED = 2 ** 31 - 1;
const PAGE = 1000;
const HOSTS = 10_000;

/** Requests of people. The run is noted first, so that its Location is true however the queue fares. */
export function createRequests(edges: RequestEdges): Requests {
  const { catalog, records, now } = edges;

  async function open(subject: Subject, total: number, by: Requester): Promise<{ run: Run; isNew: boolean } | null> {
    const { run, result } = await records.runs.create({ ...subject, total }, { ...by, now: now() });
    return result === 'conflict' ? null : { run, isNew: result === 'created' };
  }

  async function few(subject: Subject, resources: readonly Resource[], by: Requester): Promise<RequestResult> {
    const opened = await open(subject, resources.length, by);
    if (!opened) return { kind: 'conflict' };
    if (!opened.isNew) return { kind: 'accepted', run: opened.run };
    if (resources.length === 0) await records.runs.setTotal(opened.run.id, 0, now());
    const jobs = await records.archivals.request(resources.map(wishOf(edges)), {
      lane: 'priority',
      runId: opened.run.id,
      now: now(),
    });
    await addJobs(edges, jobs);
    return { kind: 'accepted', run: (await records.runs.get(opened.run.id)) ?? opened.run };
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
      const opened = await open({ kind: 'all', lane: 'bulk', subjectId: null, datasetId: null }, UNCOUNTED, by);
      if (!opened) return { kind: 'conflict' };
      if (!opened.isNew) return { kind: 'accepted', run: opened.run };
      let total = 0;
      for (let after: string | null = null; ; ) {
        const page: readonly Resource[] = await catalog.listResources({ after, limit: PAGE });
        if (page.length === 0) break;
        await records.archivals.request(page.map(wishOf(edges)), { lane: 'bulk', runId: opened.run.id, now: now() });
        total += page.length;
        after = page.at(-1)?.id ?? null;
      }
      await records.runs.setTotal(opened.run.id, total, now());
      const hosts = await records.archivals.dueHosts(now(), HOSTS);
      await edges.queue.add(hosts.map(({ host }) => ({ kind: 'host', host })));
      return { kind: 'accepted', run: (await records.runs.get(opened.run.id)) ?? opened.run };
    },
  };
}

function wishOf({ hostOf }: Pick<RequestEdges, 'hostOf'>): (resource: Resource) => ArchivalWish {
  return ({ id, datasetId, url }) => ({ resourceId: id, datasetId, url, host: hostOf(url) });
}

/** The requests are noted already; a queue that is away costs time, not the request. */
async function addJobs({ queue, logger }: RequestEdges, resourceIds: readonly string[]): Promise<void> {
  try {
    await queue.add(resourceIds.map((resourceId) => ({ kind: 'resource', resourceId })));
  } catch (error) {
    logger.warn({ error: messageOf(error) }, 'the queue is away; the requests wait');
  }
}
