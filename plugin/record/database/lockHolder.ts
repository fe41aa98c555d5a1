import type { HostDatabase } from '../../portal/HostDatabase.ts';
import type { Config } from '../../settings/Config.ts';

/** The oldest transaction that holds the host's table or one of ours. What other users do is told to few: then there is no more than its number. */
const HOLDER = `
  select a.pid as pid, a.application_name as name, a.state as state,
    cast(extract(epoch from clock_timestamp() - a.xact_start) as integer) as seconds
  from pg_locks as l join pg_stat_activity as a on a.pid = l.pid
  where l.locktype = 'relation' and l.granted and a.datname = current_database() and a.pid <> pg_backend_pid()
    and (l.relation = to_regclass(?)
      or l.relation in (select c.oid from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where n.nspname = ?))
  order by a.xact_start limit 1`;

interface Holder {
  readonly pid: number | string;
  readonly name: string | null;
  readonly state: string | null;
  readonly seconds: number | string | null;
}

/** Who stands in a migration's way, as what the start waits for. */
export async function lockHolder(
  knex: HostDatabase,
  { schema, resourceTable }: Pick<Config, 'schema' | 'resourceTable'>,
): Promise<string> {
  const table = resourceTable
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
  const { rows } = await knex.raw<{ rows: Holder[] }>(HOLDER, [table, schema]);
  const [holder] = rows;
  const lock = "a lock on the portal's or the archiver's tables";
  if (!holder) return lock;
  const { pid, name, state, seconds } = holder;
  const known = [name ? `"${name}"` : '', state ? `${state} for ${seconds ?? 0} s` : ''].filter(Boolean);
  return `${lock}, held by process ${pid}${known.length > 0 ? ` (${known.join(', ')})` : ''}`;
}
