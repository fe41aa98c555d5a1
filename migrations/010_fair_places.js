/** What makes hosts share places: answers of overload, and whose machine and domain a slot is at. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).alterTable('host_limit', (table) => {
    table.timestamp('overloaded_at').comment('The last 503 (or the like) that asked for a pause of one resource');
  });
  await knex.schema.withSchema(schema).alterTable('host_slot', (table) => {
    table.text('address').comment('The address that the host had then; null: not known');
    table.text('domain').comment('The registrable domain of the host; null: it has none');
    table.timestamp('since').defaultTo(knex.raw('clock_timestamp()')).comment('When the slots were taken');
  });
}

export async function down(knex, { schema }) {
  await knex.schema.withSchema(schema).alterTable('host_slot', (table) => {
    for (const column of ['address', 'domain', 'since']) table.dropColumn(column);
  });
  await knex.schema.withSchema(schema).alterTable('host_limit', (table) => table.dropColumn('overloaded_at'));
}
