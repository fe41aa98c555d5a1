/** URLs to which those of resources redirect for good. They go with the archival of their resource. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('proposal', (table) => {
    table.text('resource_id').notNullable().comment('The resource');
    table.text('url').notNullable().comment('What is proposed, at most 2000 characters');
    table.text('of_url').notNullable().comment('The URL of the resource that led there; void once it has another');
    table
      .text('state')
      .notNullable()
      .comment('seen (by one check), proposed (by one a day later), dismissed or applied');
    table.timestamp('first_seen_at').notNullable().comment('The check that showed it first');
    table.timestamp('last_seen_at').notNullable().comment('The check that showed it last');
    table.timestamp('proposed_at').comment('The check that made it a proposal');
    table.timestamp('decided_at').comment('When it was applied or dismissed');
    table.text('decided_by').comment('By whom, where the portal names those who ask');
    table.primary(['resource_id', 'url']);
  });
  await knex.raw(`
    alter table "${schema}".proposal add constraint proposal_archival
      foreign key (resource_id) references "${schema}".archival on delete cascade`);
  await knex.raw(`create unique index proposal_open on "${schema}".proposal (resource_id) where state = 'proposed'`);
}

export async function down(knex, { schema }) {
  await knex.schema.withSchema(schema).dropTable('proposal');
}
