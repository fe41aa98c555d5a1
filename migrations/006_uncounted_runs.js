/** A run over everything begins before its resources are counted: its total is null until then. */
const UNCOUNTED = 2 ** 31 - 1;

export async function up(knex, { schema }) {
  await knex.raw('alter table ??.run alter column total drop not null', [schema]);
  await knex.raw('update ??.run set total = null where total = ?', [schema, UNCOUNTED]);
  await knex.raw(`comment on column ??.run.total is 'Resources; null while they are being counted'`, [schema]);
}

export async function down(knex, { schema }) {
  await knex.raw('update ??.run set total = ? where total is null', [schema, UNCOUNTED]);
  await knex.raw('alter table ??.run alter column total set not null', [schema]);
}
