/** Some answers say that they are a part of what was asked for. A worker of the version before writes none of it. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).alterTable('copy', (table) => {
    table
      .boolean('partial')
      .notNullable()
      .defaultTo(false)
      .comment('The answer said that it was a part of what was asked for');
  });
}

export async function down(knex, { schema }) {
  await knex.schema.withSchema(schema).alterTable('copy', (table) => table.dropColumn('partial'));
}
