import { groupedBy } from '../../decide/groupedBy.ts';
import type { Logger } from '../../model/logger.ts';
import type { ActionClient, Parameters } from './actionClient.ts';
import type { ActionResult } from './actionResponse.ts';
import { naiveUtc, readResource } from './remoteDataset.ts';
import type { PendingWrite, WriteBackField, WriteBackTable } from './writeBackTable.ts';

/** What writing back into the portal needs. */
export interface WriteBackDeps {
  readonly client: ActionClient;
  readonly table: WriteBackTable;
  /** Where the public URLs of our copies begin. */
  readonly base: string;
  readonly fields: readonly WriteBackField[];
  progress(written: number): void;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  now(): Date;
}

/** What became of a write-back. */
export interface WrittenBack {
  readonly written: number;
  /** Datasets that the portal does not let us write to; each was reported once. */
  readonly refused: number;
}

const REFUSED_MS = 86_400_000;
const DATASETS_AT_A_TIME = 3;

/**
 * Tells the portal where the copies are: `resource_patch` of `cache_url` and its date, only where something differs (each
 * write is an activity, moves `metadata_modified` and starts the hooks of other plugins), one at a time for each dataset.
 * A dataset that may not be written to (403), or that CKAN finds invalid as a whole (409), is left alone for a day. Throws
 * `ArchiverError('portal-failed')` when the portal does not answer.
 */
export async function writeBack(deps: WriteBackDeps): Promise<WrittenBack> {
  const { table, base, fields, now } = deps;
  const done = { written: 0, refused: 0 };
  for await (const page of table.pending({ base: `${base.replace(/\/+$/, '')}/`, fields, now: now() })) {
    const datasets = [...groupedBy(page, ({ datasetId }) => datasetId).values()];
    const work = async () => {
      for (let next = datasets.shift(); next; next = datasets.shift()) await writeDataset(next, deps, done);
    };
    await Promise.all(Array.from({ length: DATASETS_AT_A_TIME }, work));
  }
  return done;
}

async function writeDataset(
  writes: readonly PendingWrite[],
  deps: WriteBackDeps,
  done: { written: number; refused: number },
): Promise<void> {
  for (const write of writes) {
    deps.signal.throwIfAborted();
    const answered = await deps.client.write('resource_patch', patchOf(write, deps.fields));
    if (isRefusal(answered)) {
      done.refused += 1;
      return refuse(write, answered.message, deps);
    }
    // It is gone: the next listing will say so.
    if (answered.kind === 'refused' && answered.status === 404) continue;
    const resource = answered.kind === 'ok' ? readResource(answered.result, 0) : null;
    if (answered.kind !== 'ok') throw deps.client.failure('resource_patch', answered);
    if (resource) await deps.table.record(resource);
    done.written += 1;
    deps.progress(done.written);
  }
}

/** An empty text clears, null would be passed over. Version 2.10 refuses a date with a zone. */
function patchOf(write: PendingWrite, fields: readonly WriteBackField[]): Parameters {
  const { id, cacheUrl, cacheLastUpdatedAt, md5, size, mimetype } = write;
  if (cacheUrl === null) return { id, cache_url: '', cache_last_updated: '' };
  return {
    id,
    cache_url: cacheUrl,
    cache_last_updated: cacheLastUpdatedAt ? naiveUtc(cacheLastUpdatedAt) : '',
    ...(fields.includes('hash') && md5 !== null && { hash: md5 }),
    ...(fields.includes('size') && size !== null && { size }),
    ...(fields.includes('mimetype') && mimetype !== null && { mimetype }),
  };
}

function isRefusal(answered: ActionResult): answered is ActionResult & { kind: 'refused' } {
  return answered.kind === 'refused' && (answered.status === 403 || answered.status === 409);
}

async function refuse({ datasetId, dataset }: PendingWrite, message: string, deps: WriteBackDeps): Promise<void> {
  const { table, logger, now } = deps;
  logger.warn({ dataset, message }, 'the portal refuses to be written back to; the dataset is left alone for a day');
  await table.pause(datasetId, new Date(now().getTime() + REFUSED_MS));
}
