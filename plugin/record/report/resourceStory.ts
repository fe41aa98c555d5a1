import type { Known } from '../../model/attempt.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import { HistoryTable } from '../history/historyTable.ts';
import type { ReportView, ResourceStory, StoredVersion } from '../Reports.ts';
import { BESIDE_LINKS, LINK_LIST, type LinkRow, reportedLink } from './linkRows.ts';

const NEWEST = 100;

const MORE = selectList({
  lane: 'a.lane',
  pending: 'a.request_seq > a.done_seq',
  freshUntil: moment('a.fresh_until'),
  unchangedCount: 'a.unchanged_count',
  changedCount: 'a.changed_count',
  finalUrl: 'a.final_url',
  moved: 'a.moved',
  known: 'a.known',
} satisfies Record<keyof MoreRow, string>);

interface MoreRow
  extends Pick<
    ResourceStory,
    'lane' | 'pending' | 'freshUntil' | 'unchangedCount' | 'changedCount' | 'finalUrl' | 'moved'
  > {
  readonly known: Known | null;
}

const LINK = `select ${LINK_LIST}, ${MORE} from :schema:.link as l ${BESIDE_LINKS} where l.resource_id = :resourceId`;

const COPIES = `
  select key, bytes::float8 as bytes, ${moment('stored_at')} as "storedAt", md5, sha256, media_type as "mediaType", format,
    filename, partial
  from :schema:.copy as c where resource_id = :resourceId order by c.stored_at desc, c.key desc limit ${NEWEST}`;

/** All that is known of one resource; null: nothing is. */
export async function resourceStory(
  database: Database,
  resourceId: string,
  view: ReportView,
): Promise<ResourceStory | null> {
  if (resourceId.includes('\0')) return null;
  const { confirmFailures } = view;
  const [row] = await database.rows<LinkRow & MoreRow>('reading a resource', LINK, { resourceId, confirmFailures });
  if (!row) return null;
  const histories = new HistoryTable(database);
  const [changes, attempts, copies] = await Promise.all([
    histories.changesOf(resourceId, { after: null, limit: NEWEST }),
    histories.attemptsOf(resourceId),
    database.rows<StoredVersion>('reading copies', COPIES, { resourceId }),
  ]);
  return { link: reportedLink(row, view), ...moreOf(row), changes, attempts, copies };
}

function moreOf(row: MoreRow): Omit<ResourceStory, 'link' | 'copies' | 'attempts' | 'changes'> {
  const { lane, pending, freshUntil, unchangedCount, changedCount, finalUrl, moved, known } = row;
  const validators = known?.headers ?? {};
  return { lane, pending, freshUntil, unchangedCount, changedCount, finalUrl, moved, validators };
}
