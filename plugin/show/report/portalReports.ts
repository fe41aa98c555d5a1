import type { LinkFilter } from '../../record/ReportedLinks.ts';
import type { Reports, ReportView } from '../../record/Reports.ts';
import type { ArchiveReports } from '../ArchiveReports.ts';

/** What reports are read from, and from where they are looked at. */
export interface PortalReportsDeps {
  readonly reports: Reports;
  readonly view: ReportView;
}

/** Reports of a plugin that may be started later. `deps` throws `ArchiverError('not-started')` while there are none. */
export function portalReports(deps: () => PortalReportsDeps): ArchiveReports {
  return {
    overview: async () => ask(deps, (reports, view) => reports.overview(view)),
    links: async (query) => ask(deps, (reports, view) => reports.links(query, view)),
    async *everyLink(query) {
      const { reports, view } = deps();
      yield* reports.everyLink(query, view);
    },
    countLinks: async (filter) => ask(deps, (reports, view) => countStates(filter, reports, view)),
    organisations: async () => ask(deps, (reports, view) => reports.organisations(view)),
    hosts: async (query) => ask(deps, (reports, view) => reports.hosts(query, view)),
    host: async (host) => ask(deps, (reports, view) => reports.host(host, view)),
    resource: async (resourceId) => ask(deps, (reports, view) => reports.resource(resourceId, view)),
  };
}

function ask<Answer>(
  deps: () => PortalReportsDeps,
  question: (reports: Reports, view: ReportView) => Promise<Answer>,
): Promise<Answer> {
  const { reports, view } = deps();
  return question(reports, view);
}

async function countStates(filter: Omit<LinkFilter, 'states'>, reports: Reports, view: ReportView) {
  const count = (state: 'archived' | 'broken' | 'unsure' | 'unfetched') =>
    reports.countLinks({ ...filter, states: [state] }, view);
  const [archived, broken, unsure, unfetched] = await Promise.all([
    count('archived'),
    count('broken'),
    count('unsure'),
    count('unfetched'),
  ]);
  const counts = { archived, broken, unsure, unfetched };
  return isCounted(counts) ? counts : null;
}

function isCounted<Name extends string>(
  counts: Readonly<Record<Name, number | null>>,
): counts is Readonly<Record<Name, number>> {
  return Object.values(counts).every((count) => count !== null);
}
