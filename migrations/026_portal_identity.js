/** Tells the archivers of two portals apart that share a database of MongoDB. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('portal_identity', (table) => {
    table.comment('One row: what tells this archiver from others on the same MongoDB');
    table.boolean('only').primary().defaultTo(true).comment('Always true, so that there is one row');
    table.text('id').notNullable().comment('Part of the name of its collection; new where the database is a copy');
    table.text('database').notNullable().comment('The cluster and the number of the database that wrote it');
  });
}

export async function down(knex, { schema }) {
  await knex.schema.withSchema(schema).dropTable('portal_identity');
}
