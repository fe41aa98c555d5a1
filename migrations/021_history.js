/** How each resource came to be as it is: changes of its state for good, its newest attempts, and sums a day. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('event', (table) => {
    table.bigIncrements('id').comment('Order of recording');
    table.timestamp('at').notNullable().comment('When it happened');
    table.text('resource_id').notNullable().comment('The resource');
    table.text('dataset_id').notNullable().comment('The dataset it was in');
    table.text('kind').notNullable().comment('code, copy, moved, broken, recovered, missing or removed');
    table.text('code').comment('The outcome that brought it');
    table.text('previous_code').comment('The outcome before; null: the first');
    table.text('reason').comment('The outcome as a sentence for people');
    table.text('copy_key').comment('Of the copy that was stored, or is missing');
    table.text('previous_copy_key').comment('Of the copy before; null: the first');
    table.text('url').comment('Where a moved resource is now');
    table.index(['resource_id', 'id'], 'event_resource');
  });
  // Feeds: what was stored last, in one dataset and in all.
  await knex.raw(`create index event_copies on ??.event (id) where kind = 'copy'`, [schema]);
  await knex.raw(`create index event_dataset_copies on ??.event (dataset_id, id) where kind = 'copy'`, [schema]);

  await knex.schema.withSchema(schema).createTable('attempt', (table) => {
    table.text('resource_id').notNullable().comment('The resource');
    table.smallint('slot').notNullable().comment('0 to 19: the newest attempt takes the place of the oldest');
    table.timestamp('at').notNullable().comment('When it ended');
    table.text('code').notNullable().comment('How it ended');
    table.text('reason').notNullable().comment('The same as a sentence for people');
    table.smallint('status').comment('HTTP status of the last answer');
    table.integer('ms').notNullable().comment('How long it took, milliseconds');
    table.integer('requests').notNullable().comment('Requests sent');
    table.double('wire_bytes').notNullable().comment('Bytes read from the network');
    table.text('final_url').comment('Where redirects led');
    table.jsonb('detail').comment('Redirects, validators and evidence; null where nothing had changed');
    table.primary(['resource_id', 'slot']);
  });
  await knex.raw('alter table ??.attempt set (fillfactor = 80)', [schema]);
  await knex.raw('alter table ??.archival add column attempt_total integer not null default 0', [schema]);

  await knex.schema.withSchema(schema).createTable('day_sum', (table) => {
    table.date('day').notNullable().comment('In UTC');
    table.text('host').notNullable().comment('host or host:port; empty: all hosts together');
    table.text('code').notNullable().comment('How the attempts ended');
    table.bigInteger('attempts').notNullable().comment('Attempts that made a request');
    table.bigInteger('requests').notNullable().comment('Requests sent');
    table.double('wire_bytes').notNullable().comment('Bytes read from the network');
    table.double('ms').notNullable().comment('How long they took together, milliseconds');
    table.primary(['host', 'day', 'code']);
  });
}

export async function down(knex, { schema }) {
  await knex.raw('alter table ??.archival drop column attempt_total', [schema]);
  for (const table of ['day_sum', 'attempt', 'event']) await knex.schema.withSchema(schema).dropTable(table);
}
