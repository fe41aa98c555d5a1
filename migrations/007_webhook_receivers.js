/** Receivers of webhooks that are gone for good: they get nothing until a worker starts again. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('webhook_receiver', (table) => {
    table.comment('Receivers that answered 410 and are disabled');
    table.text('target').primary().comment('URL of the receiver, as in the settings');
    table.timestamp('disabled_at').notNullable().comment('When it answered 410');
  });
  await knex.raw('create index webhook_delivery_target on ??.webhook_delivery (target, next_at)', [schema]);
}

export async function down(knex, { schema }) {
  await knex.raw('drop index ??.webhook_delivery_target', [schema]);
  await knex.schema.withSchema(schema).dropTable('webhook_receiver');
}
