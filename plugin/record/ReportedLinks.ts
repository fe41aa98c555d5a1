import type { Organisation } from '../model/resource.ts';
import type { Code } from '../model/status.ts';

/**
 * How reports count a link. `archived`: it works; `broken`: confirmed, as `isBroken` has it; `unsure`: the last attempt failed, or
 * was refused, and that is not confirmed or says nothing of the link; `unfetched`: no attempt has ended yet.
 */
export type LinkState = 'archived' | 'broken' | 'unsure' | 'unfetched';

/** Resources by state. */
export type LinkCounts = Readonly<Record<LinkState, number>>;

/** Which links; all that is given must hold. */
export interface LinkFilter {
  /** Id or name; those that are a part of it count, too. */
  readonly organisation?: string | undefined;
  readonly host?: string | undefined;
  readonly code?: Code | undefined;
  readonly datasetId?: string | undefined;
  /** Left out: every state. */
  readonly states?: readonly LinkState[] | undefined;
  /** Not working since this moment, or longer. */
  readonly failingBefore?: Date | undefined;
  /** true: only those for which another URL is proposed. */
  readonly proposed?: boolean | undefined;
  /** Its state or its place changed since. */
  readonly changedSince?: Date | undefined;
}

/** `resource`: by id; `failing`: what has not worked for longest first, and only what does not work; `changed`: the newest change first. */
export type LinkOrder = 'resource' | 'failing' | 'changed';

/** A page of the links that a filter lets through. */
export interface LinkQuery extends LinkFilter {
  readonly order: LinkOrder;
  /** `next` of the page before; null: the first. */
  readonly after: string | null;
  /** 1 to 1000. */
  readonly limit: number;
}

/** Some links, and where the next ones begin. */
export interface LinkPage {
  readonly links: readonly ReportedLink[];
  /** null: there are no more. */
  readonly next: string | null;
}

/** A link as reports show it. */
export interface ReportedLink {
  readonly resourceId: string;
  readonly name: string | null;
  readonly pageUrl: string | null;
  readonly dataset: DatasetWords;
  /** null: nobody's, or the portal has none. */
  readonly organisation: Organisation | null;
  readonly url: string;
  readonly host: string;
  readonly state: LinkState;
  readonly code: Code | null;
  readonly reason: string | null;
  readonly failingSince: Date | null;
  readonly firstFailureAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly checkedAt: Date | null;
  readonly nextCheckAt: Date | null;
  readonly failureCount: number;
  readonly changedAt: Date;
  /** Where permanent redirects led when it last worked; null: nowhere else. */
  readonly movedTo: string | null;
  /** The URL that is proposed in the place of this one; null: none is. */
  readonly proposal: LinkProposal | null;
  /** The newest good copy; null: there is none. */
  readonly copy: LinkCopy | null;
}

/** A URL to which a link redirects for good, as checks at least a day apart have shown. */
export interface LinkProposal {
  readonly url: string;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
}

/** A copy that a report names. */
export interface LinkCopy {
  readonly key: string;
  readonly bytes: number;
  readonly storedAt: Date;
}

/** A dataset as people read of it. */
export interface DatasetWords {
  readonly id: string;
  readonly name: string;
  readonly title: string | null;
  readonly pageUrl?: string | null;
}
