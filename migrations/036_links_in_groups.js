/**
 * What reports read is kept by statement instead of by row: what a statement adds, changes or deletes is counted together. An
 * update of archivals is watched by row still, for almost none of them changes how a link stands, and a trigger that sees the rows
 * of a statement would be handed all of them. A statement that writes the links of its archivals itself says so
 * (`archiver.links`), for as long as it takes; everybody else, a worker of the version before and SQL by hand, is followed.
 */
const FAILURES = (row) => `case when ${row}.broken is false then -1 else least(${row}.link_failure_count, 100) end`;
const FAILS = (row) => `${row}.code is not null and ${row}.broken is distinct from false`;
const HEAD = `returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$`;
const WATCHED = ['dataset_id', 'host', 'code', 'broken', 'link_failure_count', 'first_failure_at'];

export async function up(knex, { schema }) {
  await dropTriggers(knex, schema, {
    archival: ['keep_link', 'keep_link_changed'],
    link: ['count_link', 'count_link_changed'],
  });
  await keepLinks(knex, schema);
  await countLinks(knex, schema);
  await countEvents(knex, schema, sizeByKey(schema));
}

async function dropTriggers(knex, schema, byTable) {
  for (const [table, names] of Object.entries(byTable))
    for (const name of names) await knex.raw('drop trigger ?? on ??.??', [name, schema, table]);
}

/** `changed`: the rows as they are, `before`: as they were. */
const ofStatement = (schema, [name, event, table, rows], run) => `
  create trigger ${name} after ${event} on "${schema}".${table} referencing ${rows}
    for each statement execute function "${schema}".${run}();`;

async function keepLinks(knex, schema) {
  const columns = 'resource_id, dataset_id, host, code, failures, failing_since, changed_at';
  const valuesOf = (row) => `${row}.resource_id, ${row}.dataset_id, ${row}.host, ${row}.code, ${FAILURES(row)},
    case when ${FAILS(row)} then coalesce(${row}.first_failure_at, ${row}.checked_at, now()) end, clock_timestamp()`;
  await knex.raw(`
    create or replace function "${schema}".keep_link() ${HEAD}
    begin
      if tg_op = 'INSERT' then
        insert into "${schema}".link as l (${columns}) select ${valuesOf('a')} from changed as a order by a.resource_id
        on conflict (resource_id) do update
        set dataset_id = excluded.dataset_id, host = excluded.host, code = excluded.code, failures = excluded.failures,
          failing_since = excluded.failing_since, changed_at = excluded.changed_at;
      elsif tg_op = 'DELETE' then
        delete from "${schema}".link where resource_id in (select resource_id from before);
      else
        update "${schema}".link as l
        set dataset_id = new.dataset_id, host = new.host, code = new.code, failures = ${FAILURES('new')},
          failing_since = case when ${FAILS('new')}
            then coalesce(new.first_failure_at, l.failing_since, new.checked_at, now()) end,
          changed_at = clock_timestamp()
        where l.resource_id = new.resource_id;
        if not found then
          insert into "${schema}".link (${columns}) values (${valuesOf('new')});
        end if;
      end if;
      return null;
    end $$;
    ${ofStatement(schema, ['keep_link_added', 'insert', 'archival', 'new table as changed'], 'keep_link')}
    ${ofStatement(schema, ['keep_link_removed', 'delete', 'archival', 'old table as before'], 'keep_link')}
    create trigger keep_link_changed after update of ${WATCHED.join(', ')} on "${schema}".archival for each row
      when (current_setting('archiver.links', true) is distinct from 'written' and ${DIFFERS})
      execute function "${schema}".keep_link()`);
}

const watchedOf = (row) =>
  WATCHED.map((column) => (column === 'link_failure_count' ? `least(${row}.${column}, 100)` : `${row}.${column}`));
const DIFFERS = `(${watchedOf('old')}) is distinct from (${watchedOf('new')})`;

async function countLinks(knex, schema) {
  const counted = (rows, count) => `
    select scope, subject, coalesce(code, '') as code, failures, ${count} as count
    from ${rows} cross join lateral (values ('organisation', organisation_id), ('host', host)) as s (scope, subject)`;
  const add = (rows) => `
    insert into "${schema}".report_change (scope, subject, code, failures, count, bytes)
    select scope, subject, code, failures, sum(count), 0 from (${rows}) as c group by 1, 2, 3, 4 having sum(count) <> 0;`;
  await knex.raw(`
    create or replace function "${schema}".count_link() ${HEAD}
    begin
      if tg_op = 'INSERT' then ${add(counted('changed', 1))}
      elsif tg_op = 'DELETE' then ${add(counted('before', -1))}
      else ${add(`${counted('changed', 1)} union all ${counted('before', -1)}`)}
      end if;
      return null;
    end $$;
    ${ofStatement(schema, ['count_link_added', 'insert', 'link', 'new table as changed'], 'count_link')}
    ${ofStatement(schema, ['count_link_removed', 'delete', 'link', 'old table as before'], 'count_link')}
    ${ofStatement(schema, ['count_link_changed', 'update', 'link', 'new table as changed old table as before'], 'count_link')}`);
}

/** Each found by its key, however many the planner expects: it may have planned while the table was empty. */
const sizeByKey = (schema) => ({
  bytes: `sum((select c.bytes from "${schema}".copy as c where c.key = copy_key)) filter (where kind = 'copy')`,
  from: 'added',
});

const sizeByJoin = (schema) => ({
  bytes: 'sum(c.bytes)',
  from: `added left join "${schema}".copy as c on kind = 'copy' and c.key = copy_key`,
});

async function countEvents(knex, schema, { bytes, from }) {
  await knex.raw(`
    create or replace function "${schema}".count_event() ${HEAD}
    begin
      insert into "${schema}".report_change (scope, subject, code, failures, count, bytes)
      select 'hour', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24'), kind, 0, count(*), coalesce(${bytes}, 0)
      from ${from} group by 2, 3;
      return null;
    end $$`);
}

export async function down(knex, { schema }) {
  const names = ['added', 'removed', 'changed'];
  const triggers = (prefix) => names.map((name) => `${prefix}_${name}`);
  await dropTriggers(knex, schema, { archival: triggers('keep_link'), link: triggers('count_link') });
  await countEvents(knex, schema, sizeByJoin(schema));
  await byRow(knex, schema);
}

/** As 031 and 032 made them. */
async function byRow(knex, schema) {
  const change = (row, count) =>
    ['organisation', 'host'].map((scope) => {
      const subject = scope === 'host' ? scope : 'organisation_id';
      return `('${scope}', ${row}.${subject}, coalesce(${row}.code, ''), ${row}.failures, ${count}, 0)`;
    });
  const changes = `insert into "${schema}".report_change (scope, subject, code, failures, count, bytes) values`;
  const countedOf = (row) => ['organisation_id', 'host', 'code', 'failures'].map((column) => `${row}.${column}`);
  await knex.raw(`
    create or replace function "${schema}".keep_link() ${HEAD}
    begin
      if tg_op = 'DELETE' then
        delete from "${schema}".link where resource_id = old.resource_id;
        return null;
      end if;
      insert into "${schema}".link as l (resource_id, dataset_id, host, code, failures, failing_since, changed_at)
      values (new.resource_id, new.dataset_id, new.host, new.code, ${FAILURES('new')},
        case when ${FAILS('new')} then coalesce(new.first_failure_at, new.checked_at, now()) end, clock_timestamp())
      on conflict (resource_id) do update
      set dataset_id = excluded.dataset_id, host = excluded.host, code = excluded.code, failures = excluded.failures,
        failing_since = case when excluded.failing_since is not null
          then coalesce(new.first_failure_at, l.failing_since, excluded.failing_since) end,
        changed_at = excluded.changed_at;
      return null;
    end $$;
    create trigger keep_link after insert or delete on "${schema}".archival
      for each row execute function "${schema}".keep_link();
    create trigger keep_link_changed after update of ${WATCHED.join(', ')} on "${schema}".archival
      for each row when (${DIFFERS}) execute function "${schema}".keep_link();

    create or replace function "${schema}".count_link() ${HEAD}
    begin
      if tg_op <> 'INSERT' then ${changes} ${change('old', -1)}; end if;
      if tg_op <> 'DELETE' then ${changes} ${change('new', 1)}; end if;
      return null;
    end $$;
    create trigger count_link after insert or delete on "${schema}".link
      for each row execute function "${schema}".count_link();
    create trigger count_link_changed after update on "${schema}".link for each row
      when ((${countedOf('old')}) is distinct from (${countedOf('new')}))
      execute function "${schema}".count_link()`);
}
