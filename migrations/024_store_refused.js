/** Health asks every few seconds how many files the store does not take; they are few or none. */
export async function up(knex, { schema }) {
  await knex.raw(`create index archival_store_refused on ??.archival (code) where code = 'store-failed'`, [schema]);
}

export async function down(knex, { schema }) {
  await knex.raw('drop index ??.archival_store_refused', [schema]);
}
