/** What a table of the queue says of itself, whichever version made it. */
const OURS = 'Jobs of portal-archiver, %';

/**
 * The queue's table moves to where the other tables are, with its indexes and the function of its trigger. A view takes its
 * place, through which workers of the version before go on; `down` drops both. Where the table belongs to another role it
 * is left alone: what waits in it is requested again within seconds, the rest by the next sweep.
 */
export async function up(knex, { schema, queueName }) {
  const [old] = await movable(knex, schema, queueName);
  if (!old) return;
  const functions = await triggerFunctions(knex, old.oid);
  await knex.raw('alter table ??.?? set schema ??', [old.schema, queueName, schema]);
  for (const name of functions) await knex.raw(`alter function ${name} set schema ??`, [schema]);
  if (!old.takesView) return;
  await knex.raw('create view ??.?? as select * from ??.??', [old.schema, queueName, schema, queueName]);
  // Who finds this comment makes no table.
  await knex.raw(`comment on view ??.?? is '${old.comment.replaceAll("'", "''")}'`, [old.schema, queueName]);
}

/** Also tables of queues that had another name before. */
export async function down(knex, { schema }) {
  for (const { oid, table } of await ownTables(knex, schema)) {
    for (const view of await viewsOf(knex, oid)) await knex.raw(`drop view ${view}`);
    const functions = await triggerFunctions(knex, oid);
    await knex.raw('drop table ??.??', [schema, table]);
    for (const name of functions) await knex.raw(`drop function ${name}`);
  }
}

/** Not the table of another archiver that has moved already, or whose own schema that is. */
async function movable(knex, schema, queueName) {
  const { rows } = await knex.raw(
    `select c.oid, n.nspname as schema, obj_description(c.oid, 'pg_class') as comment,
       has_schema_privilege(n.oid, 'CREATE') as "takesView"
     from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where c.relname = :queueName and c.relkind = 'r' and n.nspname <> :schema
       and obj_description(c.oid, 'pg_class') like '${OURS}' and pg_has_role(c.relowner, 'USAGE')
       and to_regclass(format('%I.%I', cast(:schema as text), cast(:queueName as text))) is null
       and not exists (select from pg_class as o where o.relnamespace = n.oid and o.relname = 'archival')
     order by n.nspname <> 'public', n.nspname`,
    { schema, queueName },
  );
  return rows;
}

async function ownTables(knex, schema) {
  const { rows } = await knex.raw(
    `select c.oid, c.relname as "table" from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname = ? and c.relkind = 'r' and obj_description(c.oid, 'pg_class') like '${OURS}'`,
    [schema],
  );
  return rows;
}

async function triggerFunctions(knex, table) {
  const { rows } = await knex.raw(
    'select distinct tgfoid::regprocedure::text as name from pg_trigger where tgrelid = ? and not tgisinternal',
    [table],
  );
  return rows.map(({ name }) => name);
}

/** Those that `up` made. Who made another view of the table is asked by PostgreSQL's error to drop it first. */
async function viewsOf(knex, table) {
  const { rows } = await knex.raw(
    `select distinct v.oid::regclass::text as name
     from pg_depend as d join pg_rewrite as r on r.oid = d.objid join pg_class as v on v.oid = r.ev_class
     where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ?
       and v.relkind = 'v' and obj_description(v.oid, 'pg_class') like '${OURS}'`,
    [table],
  );
  return rows.map(({ name }) => name);
}
