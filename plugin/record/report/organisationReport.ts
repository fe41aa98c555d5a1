import { placesInTree } from '../../decide/report/organisationTree.ts';
import type { Organisation } from '../../model/resource.ts';
import type { Database } from '../database/Database.ts';
import type { LinkCounts } from '../ReportedLinks.ts';
import type { ReportedOrganisation, ReportView } from '../Reports.ts';
import { countsOf, NO_LINKS, SUMS } from './countedLinks.ts';

const ORGANISATIONS = `
  with counted as (select c.subject, ${SUMS} from ${countsOf('organisation')} as c group by c.subject)
  select coalesce(o.id, c.subject) as id, coalesce(o.name, c.subject) as name, o.title, o.parent_id as "parentId",
    c.archived, c.broken, c.unsure, c.unfetched
  from :schema:.organisation as o full join counted as c on c.subject = o.id
  where o.id is not null or c.archived + c.broken + c.unsure + c.unfetched > 0
  order by coalesce(o.title, o.name, c.subject), 1`;

const WORDS = `
  select o.id, o.name, o.title, o.parent_id as "parentId" from :schema:.organisation as o order by coalesce(o.title, o.name), o.id`;

/** What organisations are called, by title. */
export const organisationWords = ({ rows }: Database): Promise<Organisation[]> =>
  rows<Organisation>('reading organisations', WORDS);

type Row = Organisation & { readonly parentId: string | null } & {
  readonly [State in keyof LinkCounts]: number | null;
};

/** Every organisation, by title; links of nobody stand under the empty id. */
export async function organisationReport(
  { rows }: Database,
  { confirmFailures }: Pick<ReportView, 'confirmFailures'>,
): Promise<readonly ReportedOrganisation[]> {
  const found = await rows<Row>('counting the links of organisations', ORGANISATIONS, { confirmFailures });
  const places = placesInTree(found);
  const own = new Map(found.map((row) => [row.id, countsIn(row)]));
  return found.map(({ id, name, title, parentId }) => {
    const { above = [], within = [id] } = places.get(id) ?? {};
    const parts = within.map((part) => own.get(part) ?? NO_LINKS);
    return {
      organisation: { id, name, title, parentId },
      above,
      own: own.get(id) ?? NO_LINKS,
      all: parts.reduce(together, NO_LINKS),
    };
  });
}

function countsIn({ archived, broken, unsure, unfetched }: Row): LinkCounts {
  return { archived: archived ?? 0, broken: broken ?? 0, unsure: unsure ?? 0, unfetched: unfetched ?? 0 };
}

function together(one: LinkCounts, other: LinkCounts): LinkCounts {
  return {
    archived: one.archived + other.archived,
    broken: one.broken + other.broken,
    unsure: one.unsure + other.unsure,
    unfetched: one.unfetched + other.unfetched,
  };
}
