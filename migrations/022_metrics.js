/** What metrics count: in the database, because all workers count in it and a scrape asks one of them. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('counter', (table) => {
    table.text('name').notNullable().comment('Name of the metric');
    table.jsonb('labels').notNullable().comment('JSON object: label to value');
    table.double('value').notNullable().comment('Counted up, never down');
    table.primary(['name', 'labels']);
  });
  await knex.raw('alter table ??.attempt add column first_byte_ms integer', [schema]);
}

export async function down(knex, { schema }) {
  await knex.raw('alter table ??.attempt drop column first_byte_ms', [schema]);
  await knex.schema.withSchema(schema).dropTable('counter');
}
