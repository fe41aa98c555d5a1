import type { LaneState, PlaceHolder } from '../../model/laneState.ts';
import type { ArchiveOverview } from '../../show/Archive.ts';

/** One line for each lane that stands still, then one for each of those who have the places; none while all lanes move. */
export function laneLines({ lanes, heldBy }: Pick<ArchiveOverview, 'lanes' | 'heldBy'>): readonly string[] {
  const still = lanes.filter(({ standsStill }) => standsStill);
  return still.length === 0 ? [] : [...still.map(laneText), ...heldBy.map(holderText)];
}

function laneText({ lane, waitingHosts, idleMs }: LaneState): string {
  return `the ${lane} lane stands still: nothing ended for ${Math.round(idleMs / 1000)} s, hosts waited for: ${waitingHosts}`;
}

function holderText({ host, address, slots, since }: PlaceHolder): string {
  return `${host}${address === null ? '' : ` (${address})`} has places: ${slots}, since ${since.toISOString()}`;
}
