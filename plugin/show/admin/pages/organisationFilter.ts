import { indentedTree } from '../../../decide/report/indentedTree.ts';
import type { Organisation } from '../../../model/resource.ts';
import type { Choice, Filter, Filtered } from '../table/filters.ts';

/** Stands before what is a part of another, once for each that it lies below. */
const INDENT = '\u2003';

/** The field of the organisation: those of the portal to choose from, each below the one that it is a part of. */
export function organisationFilter(organisations: readonly Organisation[]): Filter {
  const tree = indentedTree(organisations.map((one) => ({ ...one, parentId: one.parentId ?? null })));
  const choices = tree.map(
    ({ item: { name, title }, depth }): Choice => [name, `${INDENT.repeat(depth)}${title ?? name}`],
  );
  const description = 'Id or name of an organisation; its parts count, too.';
  return { name: 'organisation', description, label: 'Organisation', kind: 'text', hint: 'id or name', choices };
}

/** The same with the name of an organisation that was asked for by its id, as the field has it. */
export function organisationNamed(filtered: Filtered, organisations: readonly Organisation[]): Filtered {
  const asked = filtered['organisation'];
  const byId = organisations.find(({ id }) => id === asked);
  return byId && !organisations.some(({ name }) => name === asked)
    ? { ...filtered, organisation: byId.name }
    : filtered;
}
