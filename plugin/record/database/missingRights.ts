import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Config } from '../../settings/Config.ts';
import { databaseFailed } from './databaseFailed.ts';
import { OWN_TYPES } from './ownTypes.ts';
import { schemaState } from './schemaState.ts';

/** What the role of the connection is not allowed to do, and the statement with which somebody who may cures it. */
export interface MissingRight {
  readonly missing: string;
  readonly cure: string;
}

type Names = Pick<Config, 'schema' | 'resourceTable'>;

interface SchemaRights {
  readonly role: string;
  readonly database: string;
  readonly hasSchema: boolean;
  readonly mayMakeSchema: boolean;
  /** null: there is no schema. */
  readonly mayUse: boolean | null;
  readonly mayMakeTables: boolean | null;
}

const SCHEMA_RIGHTS = `
  select current_user as role, current_database() as database, n.oid is not null as "hasSchema",
    has_database_privilege(current_database(), 'CREATE') as "mayMakeSchema",
    has_schema_privilege(n.oid, 'USAGE') as "mayUse", has_schema_privilege(n.oid, 'CREATE') as "mayMakeTables"
  from (values (1)) as one left join pg_namespace as n on n.nspname = :schema`;

interface TableRights {
  readonly name: string;
  readonly owner: string;
  readonly owns: boolean;
  readonly mayWrite: boolean;
}

/** In a schema that is the host's too, the tables of others say nothing. */
const TABLE_RIGHTS = `
  select c.relname as name, pg_get_userbyid(c.relowner) as owner, pg_has_role(c.relowner, 'USAGE') as owns,
    has_table_privilege(c.oid, 'SELECT') and has_table_privilege(c.oid, 'INSERT')
      and has_table_privilege(c.oid, 'UPDATE') and has_table_privilege(c.oid, 'DELETE') as "mayWrite"
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = :schema and c.relkind = 'r' and (c.relname = 'archival' or not exists (
    select from pg_class as h where h.relnamespace = n.oid and h.relname = :hostTable))
  order by c.relname`;

/** The host's table as the migrations find it: with the columns that they would add, or to be changed by its owner. */
const HOST_TABLE = `
  select current_user as role, pg_get_userbyid(c.relowner) as owner, pg_has_role(c.relowner, 'USAGE') as owns,
    to_jsonb(array(select wanted from unnest(array['cache_url', 'cache_last_updated']) as wanted
      where wanted not in (select attname from pg_attribute where attrelid = c.oid and not attisdropped))) as absent
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where c.relname = :name and case when cast(:schema as text) is null then pg_table_is_visible(c.oid) else n.nspname = :schema end`;

interface HostTable {
  readonly role: string;
  readonly owner: string;
  readonly owns: boolean;
  readonly absent: readonly string[];
}

const TYPES: Readonly<Record<string, string>> = { cache_url: 'text', cache_last_updated: 'timestamptz' };

/** What a start will need of PostgreSQL and does not have. Only reads. Throws `ArchiverError('database-failed')`. */
export async function missingRights(knex: HostTransaction, names: Names): Promise<readonly MissingRight[]> {
  const { pending } = await readable(knex, names.schema);
  try {
    const ours = await missingInSchema(knex, names, pending.length > 0);
    const addsColumns = pending.includes('004_resource_columns.js');
    return addsColumns ? [...ours, ...(await missingOnHostTable(knex, names.resourceTable))] : ours;
  } catch (error) {
    throw databaseFailed('looking at the rights of its role', error);
  }
}

/** Who may not even read the table of migrations is told of the rights on it, not of an error. */
async function readable(knex: HostTransaction, schema: string): Promise<{ readonly pending: readonly string[] }> {
  const rows = await rowsOf<{ may: boolean | null }>(
    knex,
    `select has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT') as may
     from pg_namespace as n join pg_class as c on c.relnamespace = n.oid and c.relname = 'migration'
     where n.nspname = :schema`,
    { schema },
  );
  return rows[0]?.may === false ? { pending: [] } : schemaState(knex, schema);
}

async function missingInSchema(
  knex: HostTransaction,
  names: Names,
  migrates: boolean,
): Promise<readonly MissingRight[]> {
  const { schema } = names;
  const rows = await rowsOf<SchemaRights>(knex, SCHEMA_RIGHTS, { schema });
  const [rights] = rows;
  if (!rights) return [];
  const { role, database } = rights;
  const who = `The database role ${role}`;
  if (!rights.hasSchema) {
    if (rights.mayMakeSchema) return [];
    const cure = `GRANT CREATE ON DATABASE "${database}" TO "${role}", or CREATE SCHEMA "${schema}" AUTHORIZATION "${role}"`;
    return [{ missing: `${who} may not make the schema ${schema}`, cure }];
  }
  const wanted = [
    { has: rights.mayUse, right: 'USAGE' },
    { has: rights.mayMakeTables || !migrates, right: 'CREATE' },
  ].flatMap(({ has, right }) => (has ? [] : [right]));
  if (wanted.length > 0) {
    const cure = `GRANT ${wanted.join(', ')} ON SCHEMA "${schema}" TO "${role}"`;
    return [{ missing: `${who} lacks ${wanted.join(' and ')} on the schema ${schema}`, cure }];
  }
  return missingOnTables(knex, names, { role, migrates });
}

async function missingOnTables(
  knex: HostTransaction,
  { schema, resourceTable }: Names,
  { role, migrates }: { readonly role: string; readonly migrates: boolean },
): Promise<readonly MissingRight[]> {
  const hostTable = resourceTable.split('.').at(-1) ?? '';
  const rows = await rowsOf<TableRights>(knex, TABLE_RIGHTS, { schema, hostTable });
  const others = migrates ? rows.filter(({ owns }) => !owns) : [];
  const owners = [...new Set(others.map(({ owner }) => owner))];
  const closed = rows.filter(({ mayWrite }) => !mayWrite).map(({ name }) => name);
  const who = `The database role ${role}`;
  const write = {
    missing: `${who} lacks SELECT, INSERT, UPDATE or DELETE on ${closed.join(', ')} in the schema ${schema}`,
    cure: `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"; GRANT USAGE ON ALL SEQUENCES IN SCHEMA "${schema}" TO "${role}"`,
  };
  const migrate = owners.map((owner) => ({
    missing: `${who} may not migrate the tables in the schema ${schema}, which belong to ${owner}`,
    cure: `GRANT "${owner}" TO "${role}", or run portal-archiver migrate up as ${owner}`,
  }));
  return [...(closed.length > 0 ? [write] : []), ...migrate];
}

async function missingOnHostTable(knex: HostTransaction, resourceTable: string): Promise<readonly MissingRight[]> {
  const [name = '', schema = null] = resourceTable.split('.').reverse();
  const rows = await rowsOf<HostTable>(knex, HOST_TABLE, { name, schema });
  const [table] = rows;
  if (!table || table.owns || table.absent.length === 0) return [];
  const { role, owner, absent } = table;
  const adds = absent.map((column) => `ADD COLUMN ${column} ${TYPES[column]}`).join(', ');
  const columns = absent.join(', ');
  const quoted = schema === null ? `"${name}"` : `"${schema}"."${name}"`;
  const cure = `ALTER TABLE ${quoted} ${adds}; GRANT SELECT (${columns}), UPDATE (${columns}) ON ${quoted} TO "${role}"`;
  const missing = `Only ${owner}, who owns the portal's table ${resourceTable}, may add ${absent.join(' and ')} to it`;
  return [{ missing, cure }];
}

async function rowsOf<Row>(
  knex: HostTransaction,
  sql: string,
  bindings: Readonly<Record<string, unknown>>,
): Promise<Row[]> {
  return (await knex.raw<{ rows: Row[] }>(sql, bindings).options({ types: OWN_TYPES })).rows;
}
