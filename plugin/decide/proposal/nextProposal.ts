import type { Proposal, SeenMove } from '../../model/proposal.ts';

const DAY_MS = 24 * 3_600_000;

/** What becomes of what is kept of one resource. */
export interface ProposalChange {
  /** URLs of those that hold no longer. */
  readonly dropped: readonly string[];
  /** Kept in the place of one with this URL, if there is one; null: nothing is seen. */
  readonly put: Proposal | null;
}

/**
 * What a check makes of the proposals for its resource. Two checks a day apart that show the same make a proposal; one that shows
 * something else, or no redirect any more, drops what nobody has decided about. What was dismissed stays so, until the resource
 * has another URL. Pure.
 */
export function nextProposal(kept: readonly Proposal[], seen: SeenMove): ProposalChange {
  const { url, ofUrl, resourceId, at } = seen;
  const dropped = kept.filter((one) => isOpen(one) && one.url !== url).map((one) => one.url);
  if (url === null) return { dropped, put: null };
  const before = kept.find((one) => one.url === url && one.ofUrl === ofUrl && one.state !== 'applied');
  if (!before) {
    const undecided = { proposedAt: null, decidedAt: null, decidedBy: null };
    return { dropped, put: { resourceId, url, ofUrl, state: 'seen', firstSeenAt: at, lastSeenAt: at, ...undecided } };
  }
  const isConfirmed = before.state === 'seen' && at.getTime() - before.firstSeenAt.getTime() >= DAY_MS;
  const confirmed = isConfirmed ? ({ state: 'proposed', proposedAt: at } as const) : {};
  return { dropped, put: { ...before, lastSeenAt: at, ...confirmed } };
}

/** Whether nobody has decided about it yet. */
export const isOpen = ({ state }: Pick<Proposal, 'state'>): boolean => state === 'seen' || state === 'proposed';
