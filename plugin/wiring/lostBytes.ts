import { setTimeout as wait } from 'node:timers/promises';
import type { Lease } from '../model/archival.ts';
import type { Records } from '../record/Records.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';

/** What dropping touches. */
export interface LostBytesDeps {
  readonly records: {
    readonly archivals: Pick<Records['archivals'], 'keepOpen' | 'letGo'>;
    readonly copies: Pick<Records['copies'], 'findByKey'>;
  };
  readonly store: Pick<ArchiveStore, 'remove'>;
}

const EVERY_MS = 250;
/** As long as most archivals take. What goes on for longer leaves the bytes to the next check. */
const TRIES = 120;

/**
 * Drops bytes in the store that no record came to speak of. Where the lease was lost, a worker that took the resource over may have
 * found them and be about to record them as its copy: they are nobody's only when that one has ended. One that has not ended
 * soon, or has ended without a record, leaves them to the next lease, which looks for them as for those of a worker that died.
 */
export async function dropUnrecorded(lease: Lease, key: string, { records, store }: LostBytesDeps): Promise<void> {
  const { archivals, copies } = records;
  if ((await archivals.keepOpen(lease)) && !(await isLetGo(lease, archivals))) return;
  if (!(await copies.findByKey(key))) await store.remove(key);
}

async function isLetGo(lease: Lease, archivals: LostBytesDeps['records']['archivals']): Promise<boolean> {
  for (let i = 0; i < TRIES; i++) {
    const state = await archivals.letGo(lease);
    if (state !== 'leased') return state === 'let-go';
    await wait(EVERY_MS);
  }
  return false;
}
