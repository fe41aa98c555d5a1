import { ArchiverError, messageOf } from '../errors.ts';
import type { HostTransaction } from './HostDatabase.ts';

/** All as text, whatever parsers the host has set. */
type Rights = Readonly<Record<'role' | 'schema' | 'mayUse' | 'unreadable' | 'unwritable', string>>;

/** The catalogue shows what the role may not use, too: a table that it cannot see is named with the right that it lacks. */
const RIGHTS = `
  with path as (select regexp_split_to_array(
    replace(current_setting('search_path'), '"$user"', current_user), '[", ]+') as schemas)
  select current_user as role, n.nspname as schema, has_schema_privilege(n.oid, 'USAGE')::text as "mayUse",
    array_to_string(array(select a.attname::text from pg_attribute as a where a.attrelid = c.oid and a.attname = any(:reads)
      and not has_column_privilege(c.oid, a.attnum, 'SELECT') order by a.attnum), ',') as unreadable,
    array_to_string(array(select a.attname::text from pg_attribute as a where a.attrelid = c.oid and a.attname = any(:writes)
      and not has_column_privilege(c.oid, a.attnum, 'UPDATE') order by a.attnum), ',') as unwritable
  from path, pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where c.relname = :name and c.relkind in ('r', 'p', 'v', 'f')
    and n.nspname = any(coalesce(case when cast(:schema as text) is not null then array[cast(:schema as text)] end, schemas))
  order by array_position(schemas, n.nspname::text) limit 1`;

/** What the connection's role may not do with a table of the host, one sentence each with the GRANT that cures it. */
export async function tableRightErrors(
  knex: HostTransaction,
  table: string,
  columns: { readonly reads: readonly string[]; readonly writes: readonly string[] },
): Promise<readonly string[]> {
  const [name, schema = null] = table.split('.').reverse();
  const bindings = { name: name ?? '', schema, reads: [...columns.reads], writes: [...columns.writes] };
  try {
    const { rows } = await knex.raw<{ rows: Rights[] }>(RIGHTS, bindings);
    return rows[0] ? sentences(table, rows[0]) : [];
  } catch (error) {
    const message = `The rights on the portal's table ${table} cannot be looked at: ${messageOf(error)}`;
    throw new ArchiverError('database-failed', message, { cause: error });
  }
}

function sentences(table: string, { role, schema, mayUse, unreadable, unwritable }: Rights): readonly string[] {
  const who = `The database role ${role}`;
  const on = table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
  const lacks = (right: 'SELECT' | 'UPDATE', columns: string) => {
    const names = columns.split(',').filter(Boolean);
    const grant = `GRANT ${right} (${names.map((name) => `"${name}"`).join(', ')}) ON ${on} TO "${role}"`;
    return names.length > 0
      ? [`${who} lacks ${right} on ${names.join(', ')} of the portal's table ${table}: ${grant}`]
      : [];
  };
  const use = `${who} lacks USAGE on the schema ${schema} of the portal's table ${table}: GRANT USAGE ON SCHEMA "${schema}" TO "${role}"`;
  return [...(mayUse === 'true' ? [] : [use]), ...lacks('SELECT', unreadable), ...lacks('UPDATE', unwritable)];
}
