/**
 * `seen`: one check, or several of one day, showed it; `proposed`: so did a check at least a day later; `dismissed`: somebody does
 * not want it; `applied`: the portal took it.
 */
export type ProposalState = 'seen' | 'proposed' | 'dismissed' | 'applied';

/** A URL to take the place of a resource's, to which that one redirects for good. */
export interface Proposal {
  readonly resourceId: string;
  readonly url: string;
  /** The URL of the resource that led there; a proposal is void once the resource has another. */
  readonly ofUrl: string;
  readonly state: ProposalState;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  /** null: not yet. */
  readonly proposedAt: Date | null;
  /** When it was applied or dismissed. */
  readonly decidedAt: Date | null;
  /** By whom, where the portal names those who ask. */
  readonly decidedBy: string | null;
}

/** What a check that found the file showed of where its link leads. */
export interface SeenMove {
  readonly resourceId: string;
  /** The resource's. */
  readonly ofUrl: string;
  /** Where it leads for good; null: nowhere else any more. */
  readonly url: string | null;
  readonly at: Date;
}
