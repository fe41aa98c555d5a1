import type { Knex } from 'knex';
import type { Database } from './Database.ts';
import type { KnownTaskStatus, TaskStatus, TaskStatuses } from './Records.ts';

interface TaskStatusRow {
  readonly id: string;
  readonly entity_id: string;
  readonly entity_type: string;
  readonly task_type: string;
  readonly key: string;
  readonly value: string;
  readonly state: TaskStatus['state'];
  readonly error: string | null;
  readonly last_updated: Date;
}

export function createTaskStatusTable({ rows }: Database): TaskStatuses {
  async function find(condition: string, binding: Readonly<Record<string, string>>): Promise<KnownTaskStatus | null> {
    const sql = `select * from :schema:.task_status where ${condition} and task_type = 'archiver' and key = 'status'`;
    const [row] = await rows<TaskStatusRow>('reading task_status', sql, binding);
    return row ? statusOf(row) : null;
  }
  return {
    get: (entityId) => find('entity_id = :entityId', { entityId }),
    byId: (id) => find('id = :id', { id }),
  };
}

function statusOf({ entity_id, entity_type, task_type, last_updated, error, ...row }: TaskStatusRow): KnownTaskStatus {
  return {
    ...row,
    entityId: entity_id,
    entityType: entity_type,
    taskType: task_type,
    error: error ?? '',
    lastUpdated: last_updated,
  };
}

/** One row a resource, written over with each outcome. */
export async function writeTaskStatuses({ rows }: Database, statuses: readonly TaskStatus[], on: Knex): Promise<void> {
  if (statuses.length === 0) return;
  await rows(
    'writing task_status',
    `insert into :schema:.task_status as old (entity_id, entity_type, task_type, key, value, state, error, last_updated)
     select i.entity_id, 'resource', 'archiver', 'status', i.value, i.state, i.error, i.last_updated
     from jsonb_to_recordset(cast(:statuses as jsonb))
       as i (entity_id text, value text, state text, error text, last_updated timestamptz)
     on conflict (entity_id, task_type, key) do update
     set value = excluded.value, state = excluded.state, error = excluded.error, last_updated = excluded.last_updated`,
    {
      statuses: JSON.stringify(
        statuses.map(({ entityId, value, state, error, lastUpdated }) => ({
          entity_id: entityId,
          value,
          state,
          error,
          last_updated: lastUpdated,
        })),
      ),
    },
    on,
  );
}
