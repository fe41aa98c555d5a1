/** Whose the store is: what is written here is written into the store as well, so that two databases on one store are noticed. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('store_identity', (table) => {
    table.comment('One row: which store belongs to this database');
    table.boolean('only').primary().defaultTo(true).comment('Always true, so that there is one row');
    table.text('owner').notNullable().comment('Who may remove copies; new with each adoption');
    table
      .specificType('tokens', 'text[]')
      .notNullable()
      .comment('What was last written into the store, the newest at the end; written here first');
    table.text('database').notNullable().comment('The cluster and the number of the database that wrote it');
    table.text('conflict').comment('Why nothing is removed, as a sentence; null: it may be');
    table.timestamp('checked_at').comment('When store and row were compared');
  });
}

export async function down(knex, { schema }) {
  await knex.schema.withSchema(schema).dropTable('store_identity');
}
