import type { Organisation } from '../../model/resource.ts';
import type { Code } from '../../model/status.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import type { LinkState, ReportedLink } from '../ReportedLinks.ts';
import type { ReportView } from '../Reports.ts';
import { stateOf } from './countedLinks.ts';
import { shownPage } from './portalWords.ts';

/** A row of {@link LINK_LIST}. */
export interface LinkRow
  extends Pick<
    ReportedLink,
    | 'resourceId'
    | 'name'
    | 'url'
    | 'host'
    | 'reason'
    | 'failingSince'
    | 'firstFailureAt'
    | 'lastSuccessAt'
    | 'checkedAt'
    | 'nextCheckAt'
    | 'failureCount'
    | 'changedAt'
  > {
  readonly state: LinkState;
  readonly code: Code | null;
  readonly page: string | null;
  readonly datasetId: string;
  readonly datasetName: string | null;
  readonly datasetTitle: string | null;
  readonly datasetPage: string | null;
  readonly ownerId: string | null;
  readonly ownerName: string | null;
  readonly ownerTitle: string | null;
  readonly ownerParent: string | null;
  readonly movedTo: string | null;
  readonly proposedUrl: string | null;
  readonly proposalFirstSeenAt: Date | null;
  readonly proposalLastSeenAt: Date | null;
  readonly copyKey: string | null;
  readonly copyBytes: number | null;
  readonly copyStoredAt: Date | null;
}

/** What reports show of a link, from `l` (link), `a` (archival), `d` (dataset), `o` (organisation), `c` (copy) and `p` (proposal). */
export const LINK_LIST = selectList({
  resourceId: 'l.resource_id',
  name: 'l.name',
  page: 'l.page',
  datasetId: 'l.dataset_id',
  datasetName: 'd.name',
  datasetTitle: 'd.title',
  datasetPage: 'd.page',
  ownerId: 'o.id',
  ownerName: 'o.name',
  ownerTitle: 'o.title',
  ownerParent: 'o.parent_id',
  url: 'a.url',
  host: 'l.host',
  state: stateOf('l'),
  code: 'l.code',
  reason: 'a.reason',
  failingSince: moment('l.failing_since'),
  firstFailureAt: moment('a.first_failure_at'),
  lastSuccessAt: moment('a.last_success_at'),
  checkedAt: moment('a.checked_at'),
  nextCheckAt: moment('a.next_check_at'),
  failureCount: 'a.failure_count',
  changedAt: moment('l.changed_at'),
  movedTo: 'case when a.moved and a.final_url <> a.url then a.final_url end',
  proposedUrl: 'p.url',
  proposalFirstSeenAt: moment('p.first_seen_at'),
  proposalLastSeenAt: moment('p.last_seen_at'),
  copyKey: 'c.key',
  copyBytes: 'c.bytes::float8',
  copyStoredAt: moment('c.stored_at'),
} satisfies Record<keyof LinkRow, string>);

/** What stands beside a link `l`, each found by its key. */
export const BESIDE_LINKS = `
  join :schema:.archival as a on a.resource_id = l.resource_id
  left join :schema:.dataset as d on d.id = l.dataset_id
  left join :schema:.organisation as o on o.id = l.organisation_id
  left join :schema:.copy as c on c.id = a.copy_id
  left join :schema:.proposal as p on p.resource_id = l.resource_id and p.state = 'proposed' and p.of_url = a.url`;

/** A row as reports show it. */
export function reportedLink(row: LinkRow, { site }: Pick<ReportView, 'site'>): ReportedLink {
  const { resourceId, name, url, host, state, code, reason, movedTo } = row;
  const { failingSince, firstFailureAt, lastSuccessAt, checkedAt, nextCheckAt, failureCount, changedAt } = row;
  const { datasetId, datasetName, datasetTitle, datasetPage } = row;
  return {
    resourceId,
    name,
    pageUrl: shownPage(row.page, site),
    dataset: {
      id: datasetId,
      name: datasetName ?? datasetId,
      title: datasetTitle,
      pageUrl: shownPage(datasetPage, site),
    },
    organisation: ownerOf(row),
    ...{ url, host, state, code, reason, movedTo },
    ...{ failingSince, firstFailureAt, lastSuccessAt, checkedAt, nextCheckAt, failureCount, changedAt },
    proposal: proposalOf(row),
    copy: copyOf(row),
  };
}

function ownerOf({ ownerId, ownerName, ownerTitle, ownerParent }: LinkRow): Organisation | null {
  if (ownerId === null) return null;
  return { id: ownerId, name: ownerName ?? ownerId, title: ownerTitle, parentId: ownerParent };
}

function proposalOf({ proposedUrl, proposalFirstSeenAt, proposalLastSeenAt }: LinkRow): ReportedLink['proposal'] {
  if (proposedUrl === null || proposalFirstSeenAt === null || proposalLastSeenAt === null) return null;
  return { url: proposedUrl, firstSeenAt: proposalFirstSeenAt, lastSeenAt: proposalLastSeenAt };
}

function copyOf({ copyKey, copyBytes, copyStoredAt }: LinkRow): ReportedLink['copy'] {
  if (copyKey === null || copyStoredAt === null) return null;
  return { key: copyKey, bytes: copyBytes ?? 0, storedAt: copyStoredAt };
}
