import type { Organisation } from '../model/resource.ts';
import type { HostTables } from './hostTables.ts';
import { type OwnerColumns, ownerBindings, ownerOf } from './ownerJoin.ts';

type Rows = <Row>(sql: string, bindings: Readonly<Record<string, string>>) => Promise<readonly Row[]>;

/** CKAN's columns of `member`, whose row says that the group of its `group_id` is a part of the one of its `table_id`. */
const MEMBER_COLUMNS = ['group_id', 'table_id', 'table_name', 'state'];

/** CKAN's column that tells an organisation from a group of another kind. */
const KIND = 'is_organization';

/** All organisations of the host, each with what it is a part of; none where the host has no table of them. */
export async function readOrganisations(tables: HostTables, rows: Rows): Promise<readonly Organisation[]> {
  const columns = await tables.organisation();
  if (!columns) return [];
  const { names } = tables;
  const { state, title, parentId } = names.organisation;
  const conditions = [
    ...(columns.mayRead(state) ? [`o.:ownerState: is distinct from 'deleted'`] : []),
    ...(columns.mayRead(KIND) && columns.typeOf(KIND) === 'boolean' ? ['o.is_organization is not false'] : []),
  ];
  const parent = columns.mayRead(parentId) ? { select: 'o.:ownerParent:', join: '' } : await parentByMembers(tables);
  const sql = `select cast(o.:ownerId: as text) as "ownerId", cast(o.:ownerName: as text) as "ownerName",
      ${columns.mayRead(title) ? 'cast(o.:ownerTitle: as text)' : 'null'} as "ownerTitle",
      cast(${parent.select} as text) as "parentId"
    from :ownerTable: as o ${parent.join} ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
    order by o.:ownerId:`;
  const found = await rows<OwnerColumns & { readonly parentId: string | null }>(sql, ownerBindings(names));
  return found.flatMap(({ parentId: above, ...row }) => {
    const organisation = ownerOf(row);
    return organisation ? [{ ...organisation, parentId: above === organisation.id ? null : above }] : [];
  });
}

/** Nobody's part where there is no such table, or it may not be read. Of several parents the first by id. */
async function parentByMembers(tables: HostTables): Promise<{ readonly select: string; readonly join: string }> {
  const columns = await tables.others(tables.names.organisation.memberTable);
  if (!MEMBER_COLUMNS.every(columns.mayRead)) return { select: 'null', join: '' };
  const parents = `select group_id, min(table_id) as above from :memberTable:
    where table_name = 'group' and state is distinct from 'deleted' group by group_id`;
  return {
    select: 'm.above',
    join: `left join (${parents}) as m on cast(m.group_id as text) = cast(o.:ownerId: as text)`,
  };
}
