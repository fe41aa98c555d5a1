/** What is behind landing pages: the links found, the files archived from them, the licences accepted on the way. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('landing', (table) => {
    table.text('resource_id').primary().comment('The resource whose URL answers with a page');
    table.jsonb('links').notNullable().comment('JSON [{url, format, score, evidence}], the likeliest first');
    table.timestamp('found_at').notNullable().comment('When the page was last read');
  });
  await knex.schema.withSchema(schema).createTable('derived', (table) => {
    table.text('resource_id').notNullable().comment('The resource whose page leads there');
    table.text('url').notNullable().comment('The URL of the file, without credentials');
    table.text('format').comment('What the link seemed to be');
    table.double('score').notNullable().comment('0 to 1, when it was last found');
    table.jsonb('evidence').notNullable().comment('JSON list of sentences');
    table.text('code').comment('How the last attempt ended; null: none was made yet');
    table.text('reason').comment('The same as a sentence for people');
    table.timestamp('checked_at').comment('When the last attempt ended');
    table.timestamp('next_check_at').comment('When to look again');
    table.integer('unchanged_count').notNullable().comment('Checks in a row that found nothing new');
    table.jsonb('known').comment('The last confirming answer: validators, freshness, digests');
    table.text('copy_key').comment('The key of its newest copy');
  });
  // A link may be longer than an index entry; a resource has a few of them.
  await knex.raw('create unique index derived_resource on ??.derived (resource_id, md5(url))', [schema]);
  await knex.schema.withSchema(schema).createTable('acceptance', (table) => {
    table.text('id').primary().defaultTo(knex.raw('gen_random_uuid()::text')).comment('Identifier');
    table.text('resource_id').notNullable().comment('The resource that was fetched');
    table.timestamp('at').notNullable().comment('When it was accepted');
    table.text('url').notNullable().comment('The page that asked');
    table.text('mode').notNullable().comment('rule or automatic');
    table.text('rule').notNullable().comment('The URL pattern of the rule, or the listed host');
    table.text('sha256').notNullable().comment('SHA-256 of the text that the page showed, hexadecimal');
    table.index(['resource_id', 'at'], 'acceptance_resource');
  });
  // Each text once: it is the same with every check.
  await knex.schema.withSchema(schema).createTable('accepted_text', (table) => {
    table.text('sha256').primary().comment('SHA-256 of the text in UTF-8, hexadecimal');
    table.text('text').notNullable().comment('What a page with a form showed');
  });
}

export async function down(knex, { schema }) {
  for (const table of ['accepted_text', 'acceptance', 'derived', 'landing'])
    await knex.schema.withSchema(schema).dropTable(table);
}
