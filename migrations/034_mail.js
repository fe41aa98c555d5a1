/**
 * Whom mail was sent, about which links, and whether it can be sent. A person's row is claimed before a mail is sent: what may have
 * been sent counts as sent for a day, whatever becomes of the process.
 */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('mail_person', (table) => {
    table.text('address').primary().comment('In lower case');
    table
      .text('token')
      .notNullable()
      .unique()
      .comment('Ends the mail, and lets it begin again; in each mail to this address');
    table.timestamp('claimed_at').comment('Since when somebody sends a mail, or has; no other is sent for a day');
    table.timestamp('mailed_at').comment('When the newest mail is known to have been sent');
    table
      .integer('mails')
      .notNullable()
      .defaultTo(0)
      .comment('Mails that are known to have been sent; numbers the next one');
    table.timestamp('not_before').comment('Nothing is tried before: the server refused the last mail');
    table
      .integer('refusals')
      .notNullable()
      .defaultTo(0)
      .comment('Mails in a row that the server refused for this address');
    table.text('refusal').comment('What it said of the last of them; null: it took the last mail');
    table.timestamp('unsubscribed_at').comment('Nothing is sent since');
  });
  await knex.schema.withSchema(schema).createTable('mailed_link', (table) => {
    table.text('resource_id').primary().comment('The resource whose link was said to be broken');
    table.text('address').notNullable().index('mailed_link_address').comment('To whom, in lower case');
    table.specificType('stage', 'smallint').notNullable().defaultTo(0).comment('Reminders since the first mail');
    table.timestamp('mailed_at').notNullable().comment('When a mail named it first');
    table.timestamp('remind_at').comment('When it is a reason to write again; null: never');
  });
  await knex.schema.withSchema(schema).createTable('mail_state', (table) => {
    table.boolean('only_row').primary().defaultTo(true).comment('There is one row at most');
    table.timestamp('run_at').notNullable().comment('When it was last looked for mail to send');
    table.timestamp('failing_since').comment('Since when the mail server takes nothing; null: it does');
    table.text('failure').comment('Why not');
  });
}

export async function down(knex, { schema }) {
  for (const table of ['mail_state', 'mailed_link', 'mail_person'])
    await knex.schema.withSchema(schema).dropTable(table);
}
