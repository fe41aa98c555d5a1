import { groupedBy } from '../../decide/groupedBy.ts';
import type { Lease } from '../../model/archival.ts';
import type { FetchCost, HostLimits, HostSlice } from '../../model/host.ts';
import type { Archivals } from '../../record/Archivals.ts';
import type { LanePlaces } from '../lanePlaces.ts';
import type { SlotRenewal } from '../slotRenewal.ts';
import type { PlaceAhead } from './heldPlace.ts';
import type { Unrecorded } from './unrecorded.ts';

/** A slice of a host's budget, and the place of the lane in which it is used. */
export interface OwnSlice {
  readonly host: string;
  /** Names this slice among all slices of the host. */
  readonly owner: string;
  readonly limits: HostLimits;
  readonly slice: HostSlice;
  /** When it fires nothing new begins. */
  readonly closing: AbortSignal;
  readonly place: PlaceAhead;
  /** Fires when the place counts as slow. */
  readonly slow: AbortSignal;
  onPart(): void;
  /** As it was asked for; undefined: all that the budget allowed. */
  readonly shareMs: number | undefined;
  readonly takenAt: Date;
}

/** Resources of one URL: what the host was asked for, and what came of it once that is recorded. */
export interface Archiving {
  readonly answered: FetchCost;
  readonly recorded: Promise<FetchCost>;
}

/** What asks, and what ends it. */
export interface AskDeps {
  readonly archivals: Pick<Archivals, 'release'>;
  readonly places: Pick<LanePlaces, 'learn'>;
  /** Of resources that share a URL; see `HostBatchDeps`. */
  archive(leases: readonly Lease[], signal: AbortSignal, onAnswered: (cost: FetchCost) => void): Promise<FetchCost>;
  readonly unrecorded: Unrecorded;
  readonly signal: AbortSignal;
}

/**
 * As many at a time as there are slots; what is not begun is given back. Waits for what is only to be recorded where that is
 * more than the process may keep.
 */
export async function askAll(
  leases: readonly Lease[],
  { host, slice, place, closing }: OwnSlice,
  renewal: SlotRenewal,
  { archive, places, archivals, unrecorded, signal }: AskDeps,
): Promise<Archiving[]> {
  // One request answers all that share a URL.
  const waiting = [...groupedBy(leases, ({ archival }) => archival.url).values()];
  const archiving: Archiving[] = [];
  const ask = async () => {
    while (!signal.aborted && !closing.aborted) {
      await unrecorded.room();
      // While it waited for that all may have ended.
      const same = signal.aborted || closing.aborted ? undefined : waiting.shift();
      if (!same) {
        unrecorded.pass();
        break;
      }
      const one = await untilAnswered((onAnswered) => archive(same, signal, onAnswered));
      places.learn(host, one.answered);
      place.progressed();
      unrecorded.add(one.recorded);
      archiving.push(one);
    }
    renewal.free();
  };
  await Promise.all(Array.from({ length: slice.slots }, ask));
  if (waiting.length > 0) await archivals.release(waiting.flat());
  return archiving;
}

/** Goes on when the host has answered, or when it was not asked at all. */
async function untilAnswered(
  archive: (onAnswered: (cost: FetchCost) => void) => Promise<FetchCost>,
): Promise<Archiving> {
  let onAnswered: (cost: FetchCost) => void = () => undefined;
  const answer = new Promise<FetchCost>((resolve) => {
    onAnswered = resolve;
  });
  const recorded = archive(onAnswered);
  return { answered: await Promise.race([answer, recorded]), recorded };
}
