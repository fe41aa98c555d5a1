import type { Organisation } from '../model/resource.ts';
import type { TableColumns } from './tableColumns.ts';
import type { AllTableNames } from './tableNames.ts';

/** How organisations join a statement about resources (`r`) or datasets (`d`); identifiers are among the bindings. */
export interface OwnerJoin {
  /** Further columns of the statement: {@link OwnerColumns}. */
  readonly select: string;
  readonly ofResources: string;
  readonly ofDatasets: string;
  readonly bindings: Readonly<Record<string, string>>;
}

/** What {@link OwnerJoin} selects. */
export interface OwnerColumns {
  readonly ownerId: string | null;
  readonly ownerName: string | null;
  readonly ownerTitle: string | null;
}

/** Where datasets belong to nobody, or the organisations cannot be read. */
export const NO_OWNERS: OwnerJoin = {
  select: 'null as "ownerId", null as "ownerName", null as "ownerTitle"',
  ofResources: '',
  ofDatasets: '',
  bindings: {},
};

/** The columns of the three tables, as they are. */
interface Tables {
  readonly resource: TableColumns;
  readonly dataset: TableColumns;
  readonly organisation: TableColumns;
}

/** Joins by index wherever the columns are of one type. */
export function ownerJoin(names: AllTableNames, { resource, dataset, organisation }: Tables): OwnerJoin {
  const datasets = equal(
    ['d.:ownedId:', dataset.typeOf(names.dataset.id)],
    ['r.:datasetId:', resource.typeOf(names.resource.datasetId)],
  );
  const owners = equal(
    ['o.:ownerId:', organisation.typeOf(names.organisation.id)],
    ['d.:ownedBy:', dataset.typeOf(names.dataset.organisationId)],
  );
  const alive = organisation.mayRead(names.organisation.state) ? ` and o.:ownerState: is distinct from 'deleted'` : '';
  const ofDatasets = `left join :ownerTable: as o on ${owners}${alive}`;
  const title = organisation.mayRead(names.organisation.title) ? 'cast(o.:ownerTitle: as text)' : 'null';
  return {
    select: `cast(o.:ownerId: as text) as "ownerId", cast(o.:ownerName: as text) as "ownerName", ${title} as "ownerTitle"`,
    ofDatasets,
    ofResources: `left join :ownedTable: as d on ${datasets} ${ofDatasets}`,
    bindings: ownerBindings(names),
  };
}

/** The identifiers that the statements about organisations name. */
export function ownerBindings({ dataset, organisation }: AllTableNames): Readonly<Record<string, string>> {
  return {
    ownedTable: dataset.table,
    ownedId: dataset.id,
    ownedBy: dataset.organisationId,
    ownerTable: organisation.table,
    ownerId: organisation.id,
    ownerName: organisation.name,
    ownerTitle: organisation.title,
    ownerState: organisation.state,
    ownerParent: organisation.parentId,
    memberTable: organisation.memberTable,
  };
}

/** The organisation of such a row; null: it belongs to nobody. */
export function ownerOf({ ownerId, ownerName, ownerTitle }: OwnerColumns): Organisation | null {
  return ownerId === null ? null : { id: ownerId, name: ownerName ?? ownerId, title: ownerTitle || null };
}

type Side = readonly [sql: string, type: string | undefined];

function equal([one, oneType]: Side, [other, otherType]: Side): string {
  return oneType === otherType ? `${one} = ${other}` : `cast(${one} as text) = cast(${other} as text)`;
}
