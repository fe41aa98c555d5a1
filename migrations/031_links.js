/**
 * How each link stands and whose it is, in narrow rows that change with a state and not with a check: what reports filter and
 * page by. Triggers keep them, so that they are right whichever version writes an archival, and in its own transaction.
 */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('organisation', (table) => {
    table.text('id').primary().comment('The organisation in the portal');
    table.text('name').notNullable().comment('As in URLs of the portal');
    table.text('title').comment('As people read it');
    table.text('parent_id').index('organisation_parent').comment('The organisation that it is a part of');
  });
  await knex.schema.withSchema(schema).createTable('dataset', (table) => {
    table.text('id').primary().comment('The dataset in the portal');
    table.text('name').notNullable().comment('As in URLs of the portal');
    table.text('title').comment('As people read it');
    table.text('page').comment('Where the portal shows it: a path below its URL, or an absolute URL');
  });
  await knex.schema.withSchema(schema).createTable('link', (table) => {
    table.text('resource_id').primary().comment('The resource');
    table.text('dataset_id').notNullable().comment('The dataset of the resource');
    table.text('organisation_id').notNullable().defaultTo('').comment('Whose dataset it is; empty: not known');
    table.text('name').comment('Of the resource, as people read it');
    table.text('page').comment('Where the portal shows it: a path below its URL, or an absolute URL');
    table.specificType('host', 'text collate "C"').notNullable().comment('host[:port] that politeness counts for');
    table.text('code').comment('How the last attempt ended; null: none ended yet');
    table
      .specificType('failures', 'smallint')
      .notNullable()
      .comment('Failures in a row that were the link’s, at most 100; -1: it works');
    table.timestamp('failing_since').comment('Since when it has not worked; null: it works, or nobody has asked');
    table.timestamp('changed_at').notNullable().comment('When any of this last changed');
  });
  await knex.raw(`
    create index link_organisation on "${schema}".link (organisation_id, resource_id);
    create index link_host on "${schema}".link (host, resource_id);
    create index link_code on "${schema}".link (code, resource_id);
    create index link_host_changed on "${schema}".link (host, changed_at);
    create index link_changed on "${schema}".link (changed_at, resource_id);
    create index link_failing on "${schema}".link (failing_since, resource_id) where failing_since is not null;
    create index link_failing_organisation on "${schema}".link (organisation_id, failing_since, resource_id)
      where failing_since is not null;
    create index link_failing_host on "${schema}".link (host, failing_since, resource_id) where failing_since is not null;
    create index link_failing_code on "${schema}".link (code, failing_since, resource_id) where failing_since is not null`);
  // Nobody may write between the copy of what there is and the triggers.
  await knex.raw(`
    lock table "${schema}".archival in share row exclusive mode;
    insert into "${schema}".link (resource_id, dataset_id, host, code, failures, failing_since, changed_at)
    select resource_id, dataset_id, host, code, case when broken is false then -1 else least(link_failure_count, 100) end,
      case when code is not null and broken is distinct from false then coalesce(first_failure_at, checked_at, now()) end,
      coalesce(checked_at, now())
    from "${schema}".archival`);
  await createTriggers(knex, schema);
}

/** The rights of the owner: a role that may write archivals needs no more than before. */
async function createTriggers(knex, schema) {
  await knex.raw(`
    create function "${schema}".keep_link() returns trigger language plpgsql security definer
      set search_path = pg_catalog, pg_temp as $$
    begin
      if tg_op = 'DELETE' then
        delete from "${schema}".link where resource_id = old.resource_id;
        return null;
      end if;
      insert into "${schema}".link as l (resource_id, dataset_id, host, code, failures, failing_since, changed_at)
      values (new.resource_id, new.dataset_id, new.host, new.code,
        case when new.broken is false then -1 else least(new.link_failure_count, 100) end,
        case when new.code is not null and new.broken is distinct from false
          then coalesce(new.first_failure_at, new.checked_at, now()) end, clock_timestamp())
      on conflict (resource_id) do update
      set dataset_id = excluded.dataset_id, host = excluded.host, code = excluded.code, failures = excluded.failures,
        failing_since = case when excluded.failing_since is not null
          then coalesce(new.first_failure_at, l.failing_since, excluded.failing_since) end,
        changed_at = excluded.changed_at;
      return null;
    end $$;
    create trigger keep_link after insert or delete on "${schema}".archival
      for each row execute function "${schema}".keep_link();
    create trigger keep_link_changed
      after update of dataset_id, host, code, broken, link_failure_count, first_failure_at on "${schema}".archival
      for each row
      when ((old.dataset_id, old.host, old.code, old.broken, least(old.link_failure_count, 100), old.first_failure_at)
        is distinct from (new.dataset_id, new.host, new.code, new.broken, least(new.link_failure_count, 100), new.first_failure_at))
      execute function "${schema}".keep_link()`);
}

export async function down(knex, { schema }) {
  await knex.raw(`
    drop trigger keep_link_changed on "${schema}".archival;
    drop trigger keep_link on "${schema}".archival;
    drop function "${schema}".keep_link()`);
  for (const table of ['link', 'dataset', 'organisation']) await knex.schema.withSchema(schema).dropTable(table);
}
