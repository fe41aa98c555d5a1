/**
 * A select list that answers rows spelled as our types are: each member is read from its column or SQL expression.
 * `table` is the alias of the table that the columns belong to. Wanted as `satisfies Record<keyof …, string>`, so that a
 * member without a column does not compile.
 */
export function selectList(columns: Readonly<Record<string, string>>, table?: string): string {
  const prefix = table === undefined ? '' : `${table}.`;
  return Object.entries(columns)
    .map(([member, column]) => `${prefix}${column} as "${member}"`)
    .join(', ');
}
