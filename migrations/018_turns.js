/** Whose turn it is: saves of one dataset take turns with those of others, and what waits for its host is found by it. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).alterTable('archival', (table) => {
    table.timestamp('turn_at').comment('Order among requests: those of one dataset a second after one another');
    table.bigInteger('turn_seq').notNullable().defaultTo(0).comment('The request that the turn was given for');
    table.timestamp('parked_until').comment('Equal to next_check_at: it waits for a place at its host');
  });
  await knex.raw(
    `create index archival_waiting on ??.archival (host, turn_at)
    where lane = 'priority' and request_seq > done_seq`,
    [schema],
  );
  await knex.raw(
    `create index archival_turns on ??.archival (dataset_id, turn_at)
    where lane = 'priority' and request_seq > done_seq`,
    [schema],
  );
}

export async function down(knex, { schema }) {
  for (const index of ['archival_turns', 'archival_waiting']) await knex.raw('drop index ??.??', [schema, index]);
  await knex.schema.withSchema(schema).alterTable('archival', (table) => {
    for (const column of ['turn_at', 'turn_seq', 'parked_until']) table.dropColumn(column);
  });
}
