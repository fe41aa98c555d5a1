import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import type { KnownTaskStatus, TaskStatus, TaskStatuses } from '../TaskStatuses.ts';

const LIST = selectList({
  id: 'id',
  entityId: 'entity_id',
  entityType: 'entity_type',
  taskType: 'task_type',
  key: 'key',
  value: 'value',
  state: 'state',
  error: `coalesce(error, '')`,
  lastUpdated: moment('last_updated'),
} satisfies Record<keyof KnownTaskStatus, string>);

const WRITE = `
  insert into :schema:.task_status as old (entity_id, entity_type, task_type, key, value, state, error, last_updated)
  select i."entityId", 'resource', 'archiver', 'status', i.value, i.state, i.error, i."lastUpdated"
  from jsonb_to_recordset(cast(:statuses as jsonb))
    as i ("entityId" text, value text, state text, error text, "lastUpdated" timestamptz)
  on conflict (entity_id, task_type, key) do update
  set value = excluded.value, state = excluded.state, error = excluded.error, last_updated = excluded.last_updated`;

/** {@link TaskStatuses} in PostgreSQL. */
export class TaskStatusTable implements TaskStatuses {
  readonly #rows: Database['rows'];

  constructor({ rows }: Database) {
    this.#rows = rows;
  }

  get(entityId: string): Promise<KnownTaskStatus | null> {
    return this.#find('entity_id = :entityId', { entityId });
  }

  byId(id: string): Promise<KnownTaskStatus | null> {
    return this.#find('id = :id', { id });
  }

  async #find(which: string, bindings: Readonly<Record<string, string>>): Promise<KnownTaskStatus | null> {
    const sql = `select ${LIST} from :schema:.task_status where ${which} and task_type = 'archiver' and key = 'status'`;
    const [row] = await this.#rows<KnownTaskStatus>('reading task_status', sql, bindings);
    return row ?? null;
  }
}

/** One row a resource, written over with each record. In the transaction `on`. */
export async function writeTaskStatuses(
  { rows }: Database,
  statuses: readonly TaskStatus[],
  on: HostTransaction,
): Promise<void> {
  if (statuses.length === 0) return;
  await rows('writing task_status', WRITE, { statuses: JSON.stringify(statuses) }, on);
}
