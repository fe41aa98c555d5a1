/**
 * Counts for reports that a query over a million rows would be too slow for. Every change adds a row to `report_change`, which no
 * other transaction waits for; a worker adds them up into `report_count` now and then. Together they are exact at any moment.
 */
export async function up(knex, { schema }) {
  const counted = (table) => {
    table.text('scope').notNullable().comment('organisation, host, hour (of events) or copy');
    table.specificType('subject', 'text collate "C"').notNullable().comment('Organisation, host, or hour in UTC');
    table.text('code').notNullable().comment('Outcome, empty where there is none yet; kind of an event');
    table.specificType('failures', 'smallint').notNullable().comment('As in link');
  };
  await knex.schema.withSchema(schema).createTable('report_count', (table) => {
    counted(table);
    table.bigInteger('count').notNullable().comment('How many');
    table.bigInteger('bytes').notNullable().comment('Of copies');
    table.primary(['scope', 'subject', 'code', 'failures'], { constraintName: 'report_count_pkey' });
  });
  await knex.raw(`create index report_count_nothing on "${schema}".report_count (scope) where count = 0 and bytes = 0`);
  await knex.schema.withSchema(schema).createTable('report_change', (table) => {
    table.bigIncrements('id').comment('Order of arrival');
    counted(table);
    table.bigInteger('count').notNullable().comment('More of them, or fewer');
    table.bigInteger('bytes').notNullable().comment('More bytes, or fewer');
  });
  await knex.schema.withSchema(schema).createTable('report_day', (table) => {
    table.date('day').primary().comment('In UTC');
    for (const state of ['archived', 'broken', 'unsure', 'unfetched'])
      table.bigInteger(state).notNullable().comment('Resources, as they stood late on that day');
    table.bigInteger('copies').notNullable().comment('Copies kept then');
    table.bigInteger('bytes').notNullable().comment('Of those copies');
    table.timestamp('at').notNullable().comment('When they were counted');
  });
  await knex.raw(`lock table "${schema}".archival, "${schema}".copy, "${schema}".event in share row exclusive mode`);
  await countWhatIs(knex, schema);
  await createTriggers(knex, schema);
}

const HOUR = `to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24')`;

async function countWhatIs(knex, schema) {
  await knex.raw(`
    insert into "${schema}".report_count (scope, subject, code, failures, count, bytes)
    select scope, subject, coalesce(code, ''), failures, count(*), 0
    from "${schema}".link cross join lateral (values ('organisation', organisation_id), ('host', host)) as s (scope, subject)
    group by 1, 2, 3, 4
    union all
    select 'hour', ${HOUR}, kind, 0, count(*), coalesce(sum(c.bytes), 0)
    from "${schema}".event left join "${schema}".copy as c on kind = 'copy' and c.key = copy_key
    group by 1, 2, 3
    union all
    select 'copy', '', '', 0, count(*), coalesce(sum(bytes), 0) from "${schema}".copy having count(*) > 0`);
}

async function createTriggers(knex, schema) {
  const changes = `insert into "${schema}".report_change (scope, subject, code, failures, count, bytes)`;
  const head = 'returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$';
  await knex.raw(`
    create function "${schema}".count_link() ${head}
    begin
      if tg_op <> 'INSERT' then
        ${changes} values ('organisation', old.organisation_id, coalesce(old.code, ''), old.failures, -1, 0),
          ('host', old.host, coalesce(old.code, ''), old.failures, -1, 0);
      end if;
      if tg_op <> 'DELETE' then
        ${changes} values ('organisation', new.organisation_id, coalesce(new.code, ''), new.failures, 1, 0),
          ('host', new.host, coalesce(new.code, ''), new.failures, 1, 0);
      end if;
      return null;
    end $$;
    create trigger count_link after insert or delete on "${schema}".link
      for each row execute function "${schema}".count_link();
    create trigger count_link_changed after update on "${schema}".link for each row
      when ((old.organisation_id, old.host, old.code, old.failures)
        is distinct from (new.organisation_id, new.host, new.code, new.failures))
      execute function "${schema}".count_link();

    create function "${schema}".count_event() ${head}
    begin
      ${changes}
      select 'hour', ${HOUR}, kind, 0, count(*), coalesce(sum(c.bytes), 0)
      from added left join "${schema}".copy as c on kind = 'copy' and c.key = copy_key
      group by 2, 3;
      return null;
    end $$;
    create trigger count_event after insert on "${schema}".event referencing new table as added
      for each statement execute function "${schema}".count_event();

    create function "${schema}".count_copy() ${head}
    begin
      ${changes}
      select 'copy', '', '', 0, case tg_op when 'INSERT' then count(*) else -count(*) end,
        case tg_op when 'INSERT' then sum(bytes) else -sum(bytes) end
      from changed having count(*) > 0;
      return null;
    end $$;
    create trigger count_copy_added after insert on "${schema}".copy referencing new table as changed
      for each statement execute function "${schema}".count_copy();
    create trigger count_copy_removed after delete on "${schema}".copy referencing old table as changed
      for each statement execute function "${schema}".count_copy()`);
}

export async function down(knex, { schema }) {
  await knex.raw(`
    drop trigger count_copy_removed on "${schema}".copy;
    drop trigger count_copy_added on "${schema}".copy;
    drop trigger count_event on "${schema}".event;
    drop trigger count_link_changed on "${schema}".link;
    drop trigger count_link on "${schema}".link;
    drop function "${schema}".count_copy(), "${schema}".count_event(), "${schema}".count_link()`);
  for (const table of ['report_day', 'report_change', 'report_count'])
    await knex.schema.withSchema(schema).dropTable(table);
}
