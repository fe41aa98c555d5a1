/** What sweeps of a million resources look up: the newest check, resources that share a URL, and the run of a sweep. */
export async function up(knex, { schema }) {
  await knex.raw('create index archival_checked on ??.archival (checked_at) where checked_at is not null', [schema]);
  // A hash index takes URLs of any length; only equality is asked for.
  await knex.raw('create index archival_url on ??.archival using hash (url)', [schema]);
  await knex.raw(
    `create index run_open_sweep on ??.run (created_at)
    where kind = 'sweep' and state in ('queued', 'running')`,
    [schema],
  );
}

export async function down(knex, { schema }) {
  for (const index of ['run_open_sweep', 'archival_url', 'archival_checked']) {
    await knex.raw('drop index ??.??', [schema, index]);
  }
}
