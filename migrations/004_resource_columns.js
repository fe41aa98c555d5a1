const COLUMNS = [
  ['cache_url', 'text', 'URL of the newest good archived copy'],
  ['cache_last_updated', 'timestamptz', 'When that copy was stored'],
];

/** CKAN's two columns on the host's resource table, added only where missing; which ones we added is remembered. */
export async function up(knex, { schema, resourceTable }) {
  await knex.schema.withSchema(schema).createTable('added_column', (table) => {
    table.text('table_name').notNullable().comment('Table of the host');
    table.text('column_name').notNullable().comment('Column that this migration added');
    table.primary(['table_name', 'column_name'], { constraintName: 'added_column_pkey' });
  });
  for (const [column, type, comment] of COLUMNS) {
    if (await hasColumn(knex, resourceTable, column)) continue;
    await knex.raw(`alter table ?? add column ?? ${type}`, [resourceTable, column]);
    await knex.raw(`comment on column ??.?? is '${comment}'`, [resourceTable, column]);
    await knex.withSchema(schema).insert({ table_name: resourceTable, column_name: column }).into('added_column');
  }
}

export async function down(knex, { schema }) {
  const added = await knex.withSchema(schema).select('table_name', 'column_name').from('added_column');
  for (const { table_name, column_name } of added) {
    await knex.raw('alter table if exists ?? drop column if exists ??', [table_name, column_name]);
  }
  await knex.schema.withSchema(schema).dropTable('added_column');
}

async function hasColumn(knex, table, column) {
  const { rows } = await knex.raw(
    'select 1 from pg_attribute where attrelid = to_regclass(?) and attname = ? and not attisdropped',
    [
      table
        .split('.')
        .map((part) => `"${part}"`)
        .join('.'),
      column,
    ],
  );
  return rows.length > 0;
}
