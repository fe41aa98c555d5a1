import type { Proposal } from '../model/proposal.ts';

/** URLs that are proposed for resources. What checks show is noted with the record of each. */
export interface Proposals {
  /** All of a resource, also those of an earlier URL of its: the one that was seen last first. */
  listByResource(resourceId: string): Promise<readonly Proposal[]>;
  /**
   * Notes that somebody applied or dismissed it; one that was applied is among the resource's changes as well. Nothing happens
   * where the same was noted before, or the resource is gone.
   */
  settle(
    proposal: Pick<Proposal, 'resourceId' | 'url' | 'ofUrl' | 'firstSeenAt' | 'lastSeenAt' | 'proposedAt'>,
    how: { readonly state: 'applied' | 'dismissed'; readonly by: string | null; readonly now: Date },
  ): Promise<void>;
}
