/** Health asks every few seconds how many resources failed on our side; they are few or none. */
export async function up(knex, { schema }) {
  await knex.raw(`create index archival_own_faults on ??.archival (code) where code in ('host-refused', 'internal')`, [
    schema,
  ]);
}

export async function down(knex, { schema }) {
  await knex.raw('drop index ??.archival_own_faults', [schema]);
}
