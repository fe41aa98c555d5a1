import type { Lease } from '../model/archival.ts';
import type { Copy } from '../model/copy.ts';
import type { Config } from '../settings/Config.ts';

/** What is asked whether a copy is still there. */
export interface MissingCopyDeps {
  readonly config: Pick<Config, 'storeCheckShare'>;
  /** Whether the store has a key; those who ask meanwhile are asked for together. */
  isStored(key: string): Promise<boolean>;
  newestCopy(resourceId: string): Promise<Copy | null>;
  now(): Date;
}

/**
 * The copy that the next attempt would be compared with, where the store no longer has it; else null. What a sweep finds
 * still fresh, and will not ask for, comes here as the share that is to be looked at.
 */
export async function findMissingCopy(lease: Lease, deps: MissingCopyDeps): Promise<Copy | null> {
  const { known, copyId, freshUntil } = lease.archival;
  if (known === null || copyId === null) return null;
  const isSpared = !lease.requested && freshUntil !== null && freshUntil > deps.now();
  if (isSpared && deps.config.storeCheckShare === 0) return null;
  return missingCopyOf(lease.resourceId, deps);
}

/** The newest copy of a resource, where the store no longer has it; else null. */
export async function missingCopyOf(
  resourceId: string,
  { newestCopy, isStored }: Pick<MissingCopyDeps, 'newestCopy' | 'isStored'>,
): Promise<Copy | null> {
  const copy = await newestCopy(resourceId);
  return copy && !(await isStored(copy.key)) ? copy : null;
}
