/** What keeps publishers unharmed, and what receivers of webhooks still wait for. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('host_limit', (table) => {
    table.specificType('host', 'text collate "C"').primary().comment('host[:port], lower case');
    table.double('tokens').notNullable().comment('Requests that may be sent at once; below 0 after requests of people');
    table.timestamp('refilled_at').notNullable().comment('When tokens were last counted up');
    table.date('bytes_day').comment('The day that bytes counts for (UTC)');
    table.bigInteger('bytes').notNullable().defaultTo(0).comment('Bytes read on that day');
    table.timestamp('pause_until').comment('Retry-After, or a gap after slow answers');
    table.integer('dead_count').notNullable().defaultTo(0).comment('Connections in a row that failed');
    table.timestamp('open_until').comment('Circuit breaker: nothing is asked before, then one probe');
    table.integer('open_count').notNullable().defaultTo(0).comment('Times in a row that the breaker opened');
    table.jsonb('override').comment('Limits set by an administrator');
  });
  await knex.schema.withSchema(schema).createTable('host_slot', (table) => {
    table.specificType('host', 'text collate "C"').notNullable().comment('host[:port]');
    table.text('owner').notNullable().comment('The slice that holds the slots');
    table.integer('slots').notNullable().comment('Requests that may be under way at once');
    table.timestamp('until').notNullable().comment('When a dead owner loses them');
    table.primary(['host', 'owner'], { constraintName: 'host_slot_pkey' });
  });
  await knex.schema.withSchema(schema).createTable('webhook_delivery', (table) => {
    table.text('id').primary().comment('Event and target');
    table.text('event_id').notNullable().comment('webhook-id of the message');
    table.text('target').notNullable().comment('URL of the receiver, as in the settings');
    table.text('body').notNullable().comment('The message, JSON');
    table.integer('attempts').notNullable().defaultTo(0).comment('Failed tries');
    table.timestamp('next_at').notNullable().index('webhook_delivery_due').comment('When to try (again)');
  });
}

export async function down(knex, { schema }) {
  for (const table of ['webhook_delivery', 'host_slot', 'host_limit']) {
    await knex.schema.withSchema(schema).dropTable(table);
  }
}
