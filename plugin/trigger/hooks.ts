import { messageOf } from '../errors.ts';
import { HOOK_NAMES, type HookName } from '../model/hook.ts';
import type { Logger } from '../model/logger.ts';
import type { HookEvent, HookListener } from '../portal/Portal.ts';
import type { Outbox } from '../record/Records.ts';

/** Marks writes of our own, so that writing `cache_url` back starts nothing. */
export const ORIGIN = 'portal-archiver';

/** What a hook writes to. */
export interface HookDeps {
  /** null until started: the sweep will find what was saved meanwhile. */
  outbox(): Pick<Outbox, 'add'> | null;
  readonly logger: Logger;
}

/**
 * What the host calls when something was saved: one outbox row, in the host's transaction where one is offered.
 * Never rejects, for an archiver must not make a save fail; what could not be recorded is found by the next sweep.
 */
export function createHooks(deps: HookDeps): Readonly<Record<HookName, HookListener>> {
  const listenerOf =
    (name: HookName): HookListener =>
    async (event) => {
      try {
        if (event.origin !== ORIGIN) await note(deps, name, event);
      } catch (error) {
        // A host of plain JavaScript may call without an event.
        deps.logger.error(
          { hook: name, datasetId: event?.datasetId, resourceId: event?.resourceId, error: messageOf(error) },
          'a save was not recorded; the next sweep finds it',
        );
      }
    };
  return {
    afterResourceCreate: listenerOf(HOOK_NAMES[0]),
    afterResourceUpdate: listenerOf(HOOK_NAMES[1]),
    afterResourceDelete: listenerOf(HOOK_NAMES[2]),
    afterDatasetUpdate: listenerOf(HOOK_NAMES[3]),
    afterDatasetDelete: listenerOf(HOOK_NAMES[4]),
  };
}

async function note({ outbox }: HookDeps, event: HookName, heard: HookEvent): Promise<void> {
  const table = outbox();
  if (!table) return;
  const { datasetId, resourceId, transaction } = heard;
  const entry = { event, datasetId, resourceId, fileReplaced: heard.fileReplaced ?? false };
  if (!transaction) return table.add(entry);
  // A savepoint: PostgreSQL would otherwise end the host's transaction with our error.
  await transaction.transaction((savepoint) => table.add(entry, savepoint));
}
