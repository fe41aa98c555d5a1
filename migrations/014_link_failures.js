/** How often in a row a link itself failed: what makes it broken, where faults of our own only put off the next look. */
export async function up(knex, { schema }) {
  await knex.raw('alter table ??.archival add column link_failure_count integer not null default 0', [schema]);
  await knex.raw(
    `comment on column ??.archival.link_failure_count is 'Failed requests in a row that were the link''s'`,
    [schema],
  );
  await knex.raw(
    `update ??.archival set link_failure_count = failure_count
     where failure_count > 0 and code not in ('host-refused', 'internal')`,
    [schema],
  );
}

export async function down(knex, { schema }) {
  await knex.raw('alter table ??.archival drop column link_failure_count', [schema]);
}
