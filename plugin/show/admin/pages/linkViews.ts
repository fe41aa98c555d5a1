import { isBroken } from '../../../decide/isBroken.ts';
import type { Archival } from '../../../model/archival.ts';
import type { LinkCounts, LinkState } from '../../../record/ReportedLinks.ts';
import type { Html } from '../frame/html.ts';
import { badge, type Tone } from '../frame/pieces.ts';

/** The same in words. */
export const LINK_STATES: Readonly<Record<LinkState, string>> = {
  archived: 'archived',
  broken: 'broken',
  unsure: 'unsure',
  unfetched: 'never fetched',
};

/** The same in colours. */
export const LINK_TONES: Readonly<Record<LinkState, Tone>> = {
  archived: 'good',
  broken: 'bad',
  unsure: 'unsure',
  unfetched: 'plain',
};

/** How many there are in all. */
export const totalOf = ({ archived, broken, unsure, unfetched }: LinkCounts): number =>
  archived + broken + unsure + unfetched;

/** `confirmFailures` failures in a row make a link broken; null: nothing is known of it. */
export function linkStateOf(archival: Archival | null, confirmFailures: number): LinkState {
  if (archival === null || archival.code === null) return 'unfetched';
  const broken = isBroken(archival, confirmFailures);
  if (broken === null) return 'unsure';
  return broken ? 'broken' : 'archived';
}

/** A link's state as a badge. */
export const linkBadge = (state: LinkState): Html => badge(LINK_TONES[state], LINK_STATES[state]);

/** Whether somebody asked for it and was not answered yet. */
export const isPending = (archival: Archival | null): boolean =>
  archival !== null && archival.requestSeq > archival.doneSeq;
