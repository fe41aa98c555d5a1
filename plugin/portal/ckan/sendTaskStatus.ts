import type { Logger } from '../../model/logger.ts';
import type { ActionClient } from './actionClient.ts';
import type { MirroredResource, MirrorTables } from './mirrorTables.ts';
import { naiveUtc } from './remoteDataset.ts';
import type { WriteBackTable } from './writeBackTable.ts';

/** An outcome with CKAN's name for its code. */
interface Outcome {
  readonly at: Date;
  readonly code: string;
  readonly status: string;
  readonly broken: boolean | null;
}

/** How the last archival of a resource ended. */
export interface ArchivalEnd {
  readonly resourceId: string;
  readonly broken: boolean | null;
  readonly lastAttempt: Outcome | null;
  /** What the portal is told; null: `lastAttempt`. */
  readonly confirmed: Outcome | null;
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
const NO_OUTCOME = { code: null, status: null, broken: null };

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

function rowOf({ resourceId, broken, confirmed, lastAttempt, attempts, checkedAt }: ArchivalEnd) {
  const { code, status, broken: told } = confirmed ?? lastAttempt ?? NO_OUTCOME;
  const last = lastAttempt && { at: lastAttempt.at, code: lastAttempt.code, status: lastAttempt.status };
  return {
    entity_id: resourceId,
    entity_type: 'resource',
    task_type: 'archiver',
    key: 'status',
    value: JSON.stringify({ code, status, attempts, is_broken: broken, lastAttempt: last }),
    state: told === false ? 'success' : 'failure',
    error: told === false ? '' : `${status} (${code})`,
    last_updated: naiveUtc(checkedAt ?? new Date(0)),
  };
}
