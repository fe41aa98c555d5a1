import type { ArchivalRequest } from '../model/archival.ts';
import type { Archivals, Forgotten } from '../record/Archivals.ts';
import type { DeliveriesOf } from '../record/Deliveries.ts';
import type { Records } from '../record/Records.ts';
import type { CreatedRun, Runs } from '../record/Runs.ts';
import type { Config } from '../settings/Config.ts';
import { archiveEvent, type EventDeps } from './archiveEvent.ts';
import type { ArchiveEvent } from './Listener.ts';
import { deliveriesOf } from './webhooks.ts';

/** What makes events of what was recorded, and whom they are told. */
export interface RecordsWithEventsDeps extends EventDeps {
  readonly config: Pick<Config, 'webhooks'>;
  emit(event: ArchiveEvent): void;
}

/**
 * Records that tell `archive.queued` for each resource that waits for a job of its own from now on, and
 * `archive.removed` for each that left, by any caller: webhooks in the transaction of the change, listeners after its
 * commit. How archivals end is told by the journey.
 */
export function recordsWithEvents(records: Records, deps: RecordsWithEventsDeps): Records {
  const { archivals, runs } = records;

  const create: Runs['create'] = async (run, by, requests = []) => {
    const notices = new Notices<CreatedRun>(deps, (created) =>
      queuedEvents(requests, created.unqueued, created.run.id, deps),
    );
    return notices.tellAfter(runs.create(run, by, requests, notices.deliveriesOf));
  };

  const request: Archivals['request'] = async (requests, how) => {
    const notices = new Notices<readonly string[]>(deps, (unqueued) =>
      queuedEvents(requests, unqueued, how.runId, deps),
    );
    return notices.tellAfter(archivals.request(requests, how, notices.deliveriesOf));
  };

  const forget: Archivals['forget'] = async (resourceIds) => {
    const notices = new Notices<readonly Forgotten[]>(deps, (gone) => gone.map((one) => removedEvent(one, deps)));
    return notices.tellAfter(archivals.forget(resourceIds, notices.deliveriesOf));
  };

  return { ...records, runs: overriding(runs, { create }), archivals: overriding(archivals, { request, forget }) };
}

/** The events of one change. */
class Notices<Change> {
  readonly #deps: RecordsWithEventsDeps;
  readonly #eventsOf: (change: Change) => readonly ArchiveEvent[];
  #events: readonly ArchiveEvent[] | null = null;

  constructor(deps: RecordsWithEventsDeps, eventsOf: (change: Change) => readonly ArchiveEvent[]) {
    this.#deps = deps;
    this.#eventsOf = eventsOf;
  }

  /** undefined: there is no receiver, so the change needs no transaction for its messages. */
  get deliveriesOf(): DeliveriesOf<Change> | undefined {
    const { webhooks } = this.#deps.config;
    if (webhooks.length === 0) return undefined;
    return (change) => {
      this.#events = this.#eventsOf(change);
      return this.#events.flatMap((event) => deliveriesOf(event, webhooks));
    };
  }

  /** Once the change is committed the listeners hear of it, under the ids that the receivers are told. */
  async tellAfter(commit: Promise<Change>): Promise<Change> {
    const change = await commit;
    for (const event of this.#events ?? this.#eventsOf(change)) this.#deps.emit(event);
    return change;
  }
}

function queuedEvents(
  requests: readonly ArchivalRequest[],
  unqueued: readonly string[],
  runId: string | null,
  deps: EventDeps,
): ArchiveEvent[] {
  const datasets = new Map(requests.map(({ resourceId, datasetId }) => [resourceId, datasetId]));
  return unqueued.map((resourceId) => {
    const datasetId = datasets.get(resourceId) ?? '';
    return archiveEvent('archive.queued', { resourceId, datasetId, runId }, deps);
  });
}

function removedEvent({ resourceId, datasetId, runIds }: Forgotten, deps: EventDeps): ArchiveEvent {
  return archiveEvent('archive.removed', { resourceId, datasetId, runId: runIds.at(-1) ?? null }, deps);
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
