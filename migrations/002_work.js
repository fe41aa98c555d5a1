/** What waits and runs: saves that hooks reported, runs, and leases of processes. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('outbox', (table) => {
    table.bigIncrements('id').comment('Order of arrival');
    table.text('event').notNullable().comment('The hook that wrote it');
    table.text('dataset_id').comment('The dataset saved');
    table.text('resource_id').comment('The resource saved; null for a dataset');
    table.boolean('file_replaced').notNullable().defaultTo(false).comment('Another file behind the same URL');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now()).comment('When it was saved');
  });

  await knex.schema.withSchema(schema).createTable('run', (table) => {
    table.text('id').primary().defaultTo(knex.raw('gen_random_uuid()::text')).comment('Identifier');
    table.text('kind').notNullable().comment('resource, dataset, all or sweep');
    table.text('lane').notNullable().comment('priority or bulk');
    table.text('subject_id').comment('What was asked for');
    table.text('dataset_id').comment('The dataset concerned');
    table.text('state').notNullable().comment('queued, running, done or cancelled');
    table.integer('total').notNullable().comment('Resources');
    table.integer('done').notNullable().defaultTo(0).comment('Resources whose archival ended');
    table.jsonb('counts').notNullable().defaultTo('{}').comment('How they ended: code to number');
    table.text('caller').comment('Who asked');
    table.text('idempotency_key').comment('Honoured for a day per caller');
    table.timestamp('created_at').notNullable().index('run_created').comment('When it was asked for');
    table.timestamp('started_at').comment('When the first resource was taken up');
    table.timestamp('ended_at').comment('When the last one ended');
  });
  await knex.raw(
    `create unique index run_idempotency on ??.run (coalesce(caller, ''), idempotency_key)
    where idempotency_key is not null`,
    [schema],
  );

  await knex.schema.withSchema(schema).createTable('named_lease', (table) => {
    table.text('name').primary().comment('What is leased, e.g. sweep');
    table.text('owner').comment('The process that holds it');
    table.timestamp('until').comment('When others may take over');
    table.text('cursor').comment('How far the holder came');
  });
}

export async function down(knex, { schema }) {
  for (const table of ['named_lease', 'run', 'outbox']) await knex.schema.withSchema(schema).dropTable(table);
}
