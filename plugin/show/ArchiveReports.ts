import type { HostPage, HostQuery, HostStory } from '../record/ReportedHosts.ts';
import type { LinkCounts, LinkFilter, LinkPage, LinkQuery, ReportedLink } from '../record/ReportedLinks.ts';
import type { ReportedOrganisation, ReportOverview, ResourceStory } from '../record/Reports.ts';

/** Reports over everything that is archived, as the portal's own pages may show them. */
export interface ArchiveReports {
  overview(): Promise<ReportOverview>;
  /** A page of links. Throws `ArchiverError('invalid-request')` for a cursor of another list. */
  links(query: LinkQuery): Promise<LinkPage>;
  /** All links of a query, some at a time, without any of them being held. */
  everyLink(query: Omit<LinkQuery, 'after' | 'limit'>): AsyncGenerator<readonly ReportedLink[]>;
  /** How the links that a filter lets through stand; null: that cannot be told without reading them. */
  countLinks(filter: Omit<LinkFilter, 'states'>): Promise<LinkCounts | null>;
  /** Every organisation of the portal, by its title. */
  organisations(): Promise<readonly ReportedOrganisation[]>;
  hosts(query: HostQuery): Promise<HostPage>;
  /** null: nothing is at this host, and nothing is remembered of it. */
  host(host: string): Promise<HostStory | null>;
  /** null: the archiver does not know it. */
  resource(resourceId: string): Promise<ResourceStory | null>;
}
