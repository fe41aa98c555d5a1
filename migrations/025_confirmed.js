/** What is confirmed of a link stands beside what was just seen of it, for clients that know no difference (CKAN's). */
export async function up(knex, { schema }) {
  await knex.raw('alter table ??.archival add column confirmed jsonb', [schema]);
  await knex.raw(
    `comment on column ??.archival.confirmed is
       'Outcome last confirmed, {code, reason, broken, at}; null: none, or recorded by a version before this column'`,
    [schema],
  );
}

export async function down(knex, { schema }) {
  await knex.raw('alter table ??.archival drop column confirmed', [schema]);
}
