import { STILL_FRESH } from '../decide/stillFresh.ts';
import { sparedUntil } from '../fetch/sparedUntil.ts';
import { CODES } from '../model/status.ts';
import { archiveEvent } from '../notify/archiveEvent.ts';
import type { ArchiveEvent } from '../notify/Listener.ts';
import { deliveriesOf } from '../notify/webhooks.ts';
import type { FreshAdvance } from '../record/Archivals.ts';
import { GroupedCalls } from '../record/coordination/groupedCalls.ts';
import { FreshCopies } from '../work/fresh/freshCopies.ts';
import { advanceFresh, type FreshSliceDeps, type LookedAt } from '../work/fresh/freshSlice.ts';
import type { LaneMoves } from '../work/laneMoves.ts';
import type { Lanes } from './openLanes.ts';
import { refusedUnasked } from './refusedUnasked.ts';
import type { WorkerDeps } from './WorkerDeps.ts';

/** What it goes by, beside the parts of the worker. */
export interface FreshCopiesParts extends Pick<Lanes, 'describe' | 'isMissing'> {
  readonly moves: LaneMoves;
}

/** Hosts of a slice. */
const MOST = 16;
/** While PostgreSQL works on one slice, this process works on another. */
const SLICES = 2;

/** How what is still fresh is advanced in this process. */
export function openFreshCopies(deps: WorkerDeps, { describe, isMissing, moves }: FreshCopiesParts): FreshCopies {
  const { config, portal, now } = deps;
  const slice: FreshSliceDeps = {
    archivals: deps.records.archivals,
    advance: (advances, at) => advance(advances, at, { ...deps, moves }),
    describe,
    isMissing,
    isRefused: (resource) => refusedUnasked(resource, portal) !== null,
    // Who only checks links asks for each.
    freshUntil: ({ known, url }, at) =>
      config.checkOnly ? null : sparedUntil(known, { url, now: at.getTime() }, config),
    isChecked: () => Math.random() < config.storeCheckShare,
    bounds: config,
    random: Math.random,
    now,
  };
  // Of many hosts together: each slice holds the rows that all workers count in until it commits.
  const slices = new GroupedCalls<string, LookedAt>((hosts) => advanceFresh(hosts, slice), {
    most: MOST,
    groups: SLICES,
    nameOf: (host) => host,
  });
  return new FreshCopies({ advance: (host) => slices.call(host) });
}

type Telling = WorkerDeps & { readonly moves: LaneMoves };

/** Webhooks are told with the record, listeners after it, under the same ids. */
async function advance(advances: readonly FreshAdvance[], at: Date, deps: Telling): Promise<readonly FreshAdvance[]> {
  const { webhooks } = deps.config;
  const events = new Map<FreshAdvance, ArchiveEvent>();
  const eventOf = (one: FreshAdvance) => {
    const event = events.get(one) ?? unchangedEvent(one, deps);
    events.set(one, event);
    return event;
  };
  const messagesOf = (some: readonly FreshAdvance[]) => some.flatMap((one) => deliveriesOf(eventOf(one), webhooks));
  const told = webhooks.length > 0 ? messagesOf : undefined;
  const advanced = await deps.records.archivals.advance(advances, { now: at, deliveriesOf: told });
  for (const one of advanced) tell(one, eventOf(one), deps);
  if (advanced.length > 0) deps.moves.ended('bulk', {});
  return advanced;
}

function tell({ fresh: { resourceId } }: FreshAdvance, event: ArchiveEvent, { portal, emit }: Telling): void {
  portal.logger.info({ resourceId, code: CODE, attempts: 1 }, 'archival ended');
  emit(event);
}

const CODE = 'still-fresh';

function unchangedEvent({ fresh, datasetId }: FreshAdvance, deps: Telling): ArchiveEvent {
  const { resourceId, sweepId: runId } = fresh;
  const subject = {
    datasetId,
    resourceId,
    runId,
    code: CODE,
    status: CODES[CODE].status,
    reason: STILL_FRESH,
  } as const;
  return archiveEvent('archive.unchanged', subject, { queueName: deps.queue.name, now: deps.now });
}
