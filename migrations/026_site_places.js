/** Hosts of one address or one registrable domain share places: which slots are slow, and who waits for them. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).alterTable('host_slot', (table) => {
    table.timestamp('slow_since').comment('When what holds the slots became slow; null: it has not');
    table.index(['address'], 'host_slot_address');
    table.index(['domain'], 'host_slot_domain');
  });
  await knex.schema.withSchema(schema).createTable('host_wait', (table) => {
    table.comment('Hosts that found no place because others of their address or domain had them all');
    table.specificType('host', 'text collate "C"').notNullable().comment('host[:port]');
    table.boolean('urgent').notNullable().comment('Interactive requests wait; false: a sweep does');
    table.text('address').comment('As of host_slot');
    table.text('domain').comment('As of host_slot');
    table
      .timestamp('since')
      .notNullable()
      .defaultTo(knex.raw('clock_timestamp()'))
      .comment('The longest waiting is next');
    table.primary(['host', 'urgent'], { constraintName: 'host_wait_pkey' });
  });
}

export async function down(knex, { schema }) {
  await knex.schema.withSchema(schema).dropTable('host_wait');
  await knex.schema.withSchema(schema).alterTable('host_slot', (table) => {
    table.dropIndex(['address'], 'host_slot_address');
    table.dropIndex(['domain'], 'host_slot_domain');
    table.dropColumn('slow_since');
  });
}
