import { messageOf } from '../errors.ts';
import type { ArchivalRequest } from '../model/archival.ts';
import type { Logger } from '../model/logger.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { Records } from '../record/Records.ts';
import type { Runs } from '../record/Runs.ts';
import type { Config } from '../settings/Config.ts';
import { archiveEvent } from './archiveEvent.ts';
import type { ArchiveEvent } from './Listener.ts';
import { deliveriesOf } from './webhooks.ts';

/** What makes events of what was recorded, and whom they are told. */
export interface RecordsWithEventsDeps {
  readonly config: Pick<Config, 'webhooks'>;
  readonly queueName: string;
  emit(event: ArchiveEvent): void;
  now(): Date;
  readonly logger: Logger;
}

interface About {
  readonly resourceId: string;
  readonly datasetId: string;
  readonly runId: string | null;
}

/**
 * Records that tell `archive.queued` for each resource that waits for a job of its own from now on, and
 * `archive.removed` for each that left: after the commit, by any caller. How archivals end is told by the journey.
 */
export function recordsWithEvents(records: Records, deps: RecordsWithEventsDeps): Records {
  const { archivals, runs } = records;

  /** What is told is committed already: a notice that cannot be noted fails nobody. */
  async function announce(name: 'archive.queued' | 'archive.removed', some: readonly About[]): Promise<void> {
    const events = some.map((about) => archiveEvent(name, about, deps));
    const deliveries = events.flatMap((event) => deliveriesOf(event, deps.config.webhooks));
    await records.deliveries.add(deliveries, deps.now()).catch((error: unknown) => {
      deps.logger.warn({ event: name, error: messageOf(error) }, 'webhook deliveries could not be noted');
    });
    for (const event of events) deps.emit(event);
  }

  async function announceQueued(
    requests: readonly ArchivalRequest[],
    unqueued: readonly string[],
    runId: string | null,
  ): Promise<void> {
    const datasets = new Map(requests.map(({ resourceId, datasetId }) => [resourceId, datasetId]));
    const queued = unqueued.map((resourceId) => ({ resourceId, datasetId: datasets.get(resourceId) ?? '', runId }));
    await announce('archive.queued', queued);
  }

  const create: Runs['create'] = async (run, by, requests = []) => {
    const created = await runs.create(run, by, requests);
    await announceQueued(requests, created.unqueued, created.run.id);
    return created;
  };

  const request: Archivals['request'] = async (requests, how) => {
    const unqueued = await archivals.request(requests, how);
    await announceQueued(requests, unqueued, how.runId);
    return unqueued;
  };

  const forget: Archivals['forget'] = async (resourceIds) => {
    const known = await archivals.getMany(resourceIds);
    await archivals.forget(resourceIds);
    const gone = known.map(({ resourceId, datasetId, runIds }) => {
      return { resourceId, datasetId, runId: runIds.at(-1) ?? null };
    });
    await announce('archive.removed', gone);
  };

  return { ...records, runs: overriding(runs, { create }), archivals: overriding(archivals, { request, forget }) };
}

/** `target` with some of its methods replaced; all others run on `target` itself. */
function overriding<Target extends object>(target: Target, methods: Partial<Target>): Target {
  return new Proxy(target, {
    get(_target, name) {
      if (name in methods) return Reflect.get(methods, name);
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
