import type { Logger } from '../../model/logger.ts';
import type { ActionClient } from './actionClient.ts';
import type { MirroredResource, MirrorTables } from './mirrorTables.ts';
import { naiveUtc } from './remoteDataset.ts';
import type { WriteBackTable } from './writeBackTable.ts';

/** How the last archival of a resource ended. */
export interface ArchivalEnd {
  readonly resourceId: string;
  readonly code: string | null;
  /** CKAN's name for `code`. */
  readonly status: string | null;
  readonly broken: boolean | null;
  readonly attempts: number;
  readonly pending: boolean;
  readonly checkedAt: Date | null;
}

/** What telling the portal of the outcomes needs. */
export interface TaskStatusDeps {
  readonly client: ActionClient;
  readonly tables: Pick<MirrorTables, 'resources'>;
  readonly table: WriteBackTable;
  /** How archivals of these resources ended. */
  ends(resourceIds: readonly string[]): Promise<readonly ArchivalEnd[]>;
  readonly logger: Logger;
  now(): Date;
}

const AT_A_TIME = 100;

/**
 * Writes what is new of the outcomes into CKAN's task_status, which sysadmins alone may. Anybody can read it, of private
 * resources too: so nothing of those, and no sentence that could hold an address.
 */
export async function sendTaskStatus(deps: TaskStatusDeps): Promise<void> {
  for await (const page of deps.tables.resources()) {
    const news = await newsOf(page, deps);
    for (let at = 0; at < news.length; at += AT_A_TIME) if (!(await send(news.slice(at, at + AT_A_TIME), deps))) return;
  }
}

async function newsOf(page: readonly MirroredResource[], deps: TaskStatusDeps): Promise<readonly ArchivalEnd[]> {
  const open = page.filter((resource) => !resource.private);
  const sentAt = new Map(open.map(({ id, taskStatusSentAt }) => [id, taskStatusSentAt?.getTime() ?? 0]));
  const ends = await deps.ends(open.map(({ id }) => id));
  return ends.filter(
    ({ resourceId, pending, checkedAt }) =>
      !pending && checkedAt && checkedAt.getTime() > (sentAt.get(resourceId) ?? 0),
  );
}

/** false: the portal does not let us, and is not asked again by this run. */
async function send(ends: readonly ArchivalEnd[], { client, table, logger, now }: TaskStatusDeps): Promise<boolean> {
  const answered = await client.write('task_status_update_many', { data: ends.map(rowOf) });
  if (answered.kind === 'unavailable') throw client.failure('task_status_update_many', answered);
  if (answered.kind === 'ok') {
    await table.taskStatusSent(
      ends.map(({ resourceId }) => resourceId),
      now(),
    );
    return true;
  }
  logger.warn({ message: answered.message }, 'the portal takes no task_status');
  return false;
}

function rowOf({ resourceId, code, status, broken, attempts, checkedAt }: ArchivalEnd) {
  const works = broken === false;
  return {
    entity_id: resourceId,
    entity_type: 'resource',
    task_type: 'archiver',
    key: 'status',
    value: JSON.stringify({ code, status, attempts }),
    state: works ? 'success' : 'failure',
    error: works ? '' : `${status} (${code})`,
    last_updated: naiveUtc(checkedAt ?? new Date(0)),
  };
}
