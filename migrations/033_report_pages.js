/**
 * A page of links is chosen within an index: what is filtered by stands in it beside what is sorted by, so that no row of the
 * table is read that is not shown. Hosts are sorted by how many of their links are broken: those sums are kept.
 */
const INDEXES = {
  link_organisation: '(organisation_id, resource_id) include (failures, code, host)',
  link_host: '(host, resource_id) include (failures, code, organisation_id)',
  link_code: '(code, resource_id) include (failures, host, organisation_id)',
  link_failing: '(failing_since, resource_id) include (failures, code, host, organisation_id)',
  link_failing_organisation: '(organisation_id, failing_since, resource_id) include (failures, code, host)',
  link_failing_host: '(host, failing_since, resource_id) include (failures, code, organisation_id)',
  link_failing_code: '(code, failing_since, resource_id) include (failures, host, organisation_id)',
};

/** What the setting is where nobody sets it; where it is another, the first worker counts again. */
const USUAL = 3;

const conditionOf = (name) => (name.startsWith('link_failing') ? 'where failing_since is not null' : '');

export async function up(knex, { schema }) {
  for (const [name, columns] of Object.entries(INDEXES)) {
    await knex.raw(`drop index if exists "${schema}".${name}`);
    await knex.raw(`create index ${name} on "${schema}".link ${columns} ${conditionOf(name)}`);
  }
  await knex.schema.withSchema(schema).createTable('report_host', (table) => {
    table.specificType('host', 'text collate "C"').primary().comment('host[:port], lower case');
    for (const state of ['archived', 'broken', 'unsure', 'unfetched'])
      table.bigInteger(state).notNullable().comment('Links, as they were added up last');
    table.integer('confirm_failures').notNullable().comment('So many failures in a row counted as broken');
  });
  await knex.raw(`
    insert into "${schema}".report_host (host, archived, broken, unsure, unfetched, confirm_failures)
    select subject, coalesce(sum(count) filter (where failures < 0), 0),
      coalesce(sum(count) filter (where code <> '' and failures >= ${USUAL}), 0),
      coalesce(sum(count) filter (where code <> '' and failures between 0 and ${USUAL} - 1), 0),
      coalesce(sum(count) filter (where code = '' and failures >= 0), 0), ${USUAL}
    from "${schema}".report_count where scope = 'host' and subject <> '' group by subject`);
}

export async function down(knex, { schema }) {
  await knex.schema.withSchema(schema).dropTable('report_host');
  for (const [name, columns] of Object.entries(INDEXES)) {
    await knex.raw(`drop index if exists "${schema}".${name}`);
    await knex.raw(
      `create index ${name} on "${schema}".link ${columns.replace(/ include.*/, '')} ${conditionOf(name)}`,
    );
  }
}
