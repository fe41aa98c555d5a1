import type { AttemptNote, KeptChange } from '../model/history.ts';
import type { Organisation, Resource } from '../model/resource.ts';
import type { HostPage, HostQuery, HostStory } from './ReportedHosts.ts';
import type {
  DatasetWords,
  LinkCopy,
  LinkCounts,
  LinkFilter,
  LinkPage,
  LinkQuery,
  ReportedLink,
} from './ReportedLinks.ts';

/** From where a report is looked at. */
export interface ReportView {
  /** `ARCHIVER_CONFIRM_FAILURES`. */
  readonly confirmFailures: number;
  /** Absolute URL of the portal, without a trailing slash: its pages lie below it. */
  readonly site: string;
  readonly now: Date;
}

/** Reports over everything that is archived; each answers within the time of a page, however much that is. */
export interface Reports {
  overview(view: ReportView): Promise<ReportOverview>;
  /** A page of links. Throws `ArchiverError('invalid-request')` for a cursor of another list. */
  links(query: LinkQuery, view: ReportView): Promise<LinkPage>;
  /** All links of a query, some at a time, without any of them being held: for CSV. */
  everyLink(query: Omit<LinkQuery, 'after' | 'limit'>, view: ReportView): AsyncGenerator<readonly ReportedLink[]>;
  /** How many links a filter by at most one of organisation and host, or by `proposed` alone, lets through, without reading them; null: not known. */
  countLinks(filter: LinkFilter, view: ReportView): Promise<number | null>;
  /** Every organisation of the portal, by its title. `own` counts its own datasets, `all` also those of what is a part of it. */
  organisations(view: ReportView): Promise<readonly ReportedOrganisation[]>;
  /** What all organisations of the portal are called, in any order: quicker than how their links stand. */
  organisationWords(): Promise<readonly Organisation[]>;
  /** A page of hosts, whose links are counted as they were added up last: seconds ago, where a worker runs. */
  hosts(query: HostQuery, view: ReportView): Promise<HostPage>;
  /** null: no resource is at this host, and nothing is remembered of it. */
  host(host: string, view: ReportView): Promise<HostStory | null>;
  /** null: the archiver does not know it (any more). */
  resource(resourceId: string, view: ReportView): Promise<ResourceStory | null>;
  /** Takes what the portal says of resources: whose they are, their names and pages. Nothing happens to those without an archival. */
  note(words: PortalWords, site: string): Promise<void>;
  /** Of these datasets, the ids of those that `note` was never told of. */
  datasetsUnnoted(ids: readonly string[]): Promise<readonly string[]>;
  /** Takes all organisations of the portal; what is not among them, and owns nothing any more, goes. */
  noteOrganisations(organisations: readonly Organisation[]): Promise<void>;
  /** Adds up what was counted since, and notes how things stand today. For a worker, now and then. */
  addUp(view: Pick<ReportView, 'confirmFailures' | 'now'>): Promise<void>;
}

/** What reports take from the portal. */
export interface PortalWords {
  readonly resources: readonly Pick<Resource, 'id' | 'datasetId' | 'name' | 'organisation' | 'pageUrl'>[];
  readonly datasets: readonly DatasetWords[];
}

/** Whether the archive is well. */
export interface ReportOverview {
  readonly links: LinkCounts;
  readonly day: RecentChanges;
  readonly week: RecentChanges;
  readonly copies: number;
  readonly bytes: number;
  /** Hosts that are left alone for now, the first of `hostsPaused`. */
  readonly paused: readonly PausedHost[];
  readonly hostsPaused: number;
  /** The last 90 days, the oldest first, each day once. */
  readonly days: readonly ReportDay[];
}

/** What happened in the last 24 hours, or 7 days, to the hour. */
export interface RecentChanges {
  readonly newCopies: number;
  readonly newlyBroken: number;
  readonly recovered: number;
}

/** One day (UTC). */
export interface ReportDay extends RecentChanges {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** Of the copies that were stored on it. */
  readonly newBytes: number;
  /** How many were broken late on it, today now; null: nobody had counted yet. */
  readonly broken: number | null;
  /** Bytes kept late on it, today now; null: nobody had counted yet. */
  readonly bytes: number | null;
}

/** A host that is left alone, until when, and why. */
export interface PausedHost {
  readonly host: string;
  readonly until: Date;
  /** `asked`: Retry-After, or slow answers; `unreachable`: the circuit breaker is open. */
  readonly reason: 'asked' | 'unreachable';
  readonly links: LinkCounts;
}

/** An organisation and how its links stand. */
export interface ReportedOrganisation {
  readonly organisation: Organisation;
  /** Ids of what it is a part of, the outermost first. */
  readonly above: readonly string[];
  readonly own: LinkCounts;
  readonly all: LinkCounts;
}

/** All that is known of one resource. */
export interface ResourceStory {
  readonly link: ReportedLink;
  readonly lane: 'priority' | 'bulk';
  readonly pending: boolean;
  readonly freshUntil: Date | null;
  readonly unchangedCount: number;
  readonly changedCount: number;
  readonly finalUrl: string | null;
  readonly moved: boolean;
  /** Headers of the last answer that confirmed the copy, by lower-case name. */
  readonly validators: Readonly<Record<string, string | readonly string[]>>;
  /** Newest first, at most 100. */
  readonly changes: readonly KeptChange[];
  /** Newest first, at most 20. */
  readonly attempts: readonly AttemptNote[];
  /** Newest first, at most 100. */
  readonly copies: readonly StoredVersion[];
}

/** A version with what tells it from the one before. */
export interface StoredVersion extends LinkCopy {
  readonly md5: string;
  readonly sha256: string;
  readonly mediaType: string | null;
  readonly format: string | null;
  readonly filename: string;
  readonly partial: boolean;
}
