import type { Journey } from '../archiveResource.ts';
import { freshAttempt } from '../fetch/freshAttempt.ts';
import type { ArchivalRecord, Archivals, Recorded } from '../record/Archivals.ts';
import { GroupedRecorder } from '../record/archival/groupedRecorder.ts';
import { FreshCopies } from '../work/freshCopies.ts';
import type { LaneMoves } from '../work/laneMoves.ts';
import type { WorkerDeps } from './WorkerDeps.ts';

/** What it goes by, beside the parts of the worker. */
export interface FreshCopiesParts extends Pick<Archivals, 'dueAndFresh'> {
  readonly journey: Journey;
  readonly moves: LaneMoves;
}

/** How what is still fresh is advanced in this process. */
export function openFreshCopies(
  { config, records: { archivals }, now }: WorkerDeps,
  { journey, moves, dueAndFresh }: FreshCopiesParts,
): FreshCopies {
  // Of all hosts together: each group holds the rows that all workers count in until it commits.
  const recorder = new GroupedRecorder({ record: (outcomes) => advanceOrLeave(outcomes, archivals, now()) });
  return new FreshCopies({
    archivals: { dueAndFresh },
    advance: (outcome) => recorder.record(outcome),
    journey,
    freshAttempt: (request) => freshAttempt(request, config),
    // Who only checks links asks for each.
    isChecked: () => config.checkOnly || Math.random() < config.storeCheckShare,
    onAdvanced: (attempt) => moves.ended('bulk', attempt),
    now,
  });
}

/** What was not advanced is told as lost: somebody else has it. */
async function advanceOrLeave(
  outcomes: readonly ArchivalRecord[],
  archivals: Pick<Archivals, 'advance'>,
  now: Date,
): Promise<Recorded[]> {
  const advanced = new Map((await archivals.advance(outcomes, now)).map((one) => [one.resourceId, one]));
  return outcomes.map(({ lease: { resourceId } }) => {
    const left: Recorded = { resourceId, result: 'lease-lost', wantedAgain: false, endedRunIds: [] };
    return advanced.get(resourceId) ?? left;
  });
}
