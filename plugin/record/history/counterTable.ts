import type { Counted } from '../../model/counter.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';

/** In one order for all, so that no two groups wait for each other in a circle. */
const ADD = `
  insert into :schema:.counter (name, labels, value)
  select i.name, i.labels, i.value from jsonb_to_recordset(cast(:counted as jsonb)) as i (name text, labels jsonb, value float8)
  order by i.name, i.labels
  on conflict (name, labels) do update set value = counter.value + excluded.value`;

/** In the transaction `on`, last of all: these rows are shared by all workers and stay locked until the commit. */
export async function addToCounters(
  database: Database,
  counted: readonly Counted[],
  on: HostTransaction,
): Promise<void> {
  if (counted.length > 0) await database.rows('counting for metrics', ADD, { counted: JSON.stringify(counted) }, on);
}

/** Every counter that has grown. */
export function readCounters(database: Database): Promise<Counted[]> {
  return database.rows('reading metrics', 'select name, labels, value from :schema:.counter order by name, labels');
}
