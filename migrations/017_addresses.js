/**
 * The addresses below which copies were told to the portal, so that a change of them is noticed. What the portal's table
 * holds already is looked at once; whether those were private or public is not known.
 */
export async function up(knex, { schema, resourceTable }) {
  await knex.schema.withSchema(schema).createTable('address', (table) => {
    table.comment('Addresses that cache_url begins with, now or before');
    table.text('audience').notNullable().comment('public or private: whose copies; any: found in the portal’s table');
    table.text('url').notNullable().comment('What stands before /archive/');
    table.timestamp('used_at').notNullable().comment('When a process last started with it');
    table.primary(['audience', 'url'], { constraintName: 'address_pkey' });
  });
  if (!(await mayRead(knex, resourceTable))) return;
  await knex.raw(
    `insert into ??.address (audience, url, used_at)
     select distinct 'any', substring(cache_url from '^(.*)/archive/[0-9]{8}T[0-9]{6}Z/'), cast('-infinity' as timestamptz)
     from ?? where cache_url ~ '/archive/[0-9]{8}T[0-9]{6}Z/'`,
    [schema, resourceTable],
  );
}

export async function down(knex, { schema }) {
  await knex.schema.withSchema(schema).dropTable('address');
}

async function mayRead(knex, table) {
  const name = table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
  const { rows } = await knex.raw(
    `select from pg_attribute where attrelid = to_regclass(?) and attname = 'cache_url' and not attisdropped
       and atttypid in ('text'::regtype, 'varchar'::regtype) and has_column_privilege(attrelid, attnum, 'SELECT')`,
    [name],
  );
  return rows.length > 0;
}
