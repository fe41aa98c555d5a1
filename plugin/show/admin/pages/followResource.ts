import { followChanges } from '../followChanges.ts';
import type { Visit } from '../visit.ts';
import { isPending } from './linkViews.ts';
import { reportedResource } from './resourcePage.ts';

/** Says when a resource has changed, until nobody waits for it any more. */
export async function followResource(visit: Visit): Promise<void> {
  const { id } = await reportedResource(visit);
  await followChanges(visit, async () => {
    const archival = await visit.deps.records.archivals.get(id);
    const state = archival && [archival.code, archival.checkedAt, archival.attempts, archival.doneSeq];
    return { state, hasEnded: !isPending(archival) };
  });
}
