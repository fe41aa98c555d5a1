import type { JobHandlers, JobQueue } from '../job/JobQueue.ts';
import type { Resource } from '../model/resource.ts';
import type { ArchiveEvent } from '../notify/Listener.ts';
import type { Portal } from '../portal/Portal.ts';
import type { CatalogReader } from '../portal/storableCatalog.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import type { CatalogueWords } from '../trigger/catalogueWords.ts';
import type { AttemptTally } from '../work/attemptTally.ts';
import type { StoreOwnership } from '../work/storeOwnership.ts';

/** What is open when the worker starts. */
export interface WorkerDeps {
  readonly config: Config;
  readonly portal: Portal;
  readonly catalog: CatalogReader;
  readonly records: Records;
  readonly store: ArchiveStore;
  readonly queue: JobQueue;
  readonly words: CatalogueWords;
  readonly tally: AttemptTally;
  readonly ownership: Pick<StoreOwnership, 'mayRemove' | 'renew'>;
  /** Says who may see a resource, its copies being where that audience finds them. */
  place(resource: Resource): Promise<Resource>;
  /** Names this process in its leases. */
  readonly owner: string;
  now(): Date;
  emit(event: ArchiveEvent): void;
  /** Stands before the jobs; default: nothing does. */
  wrapJobs?(jobs: JobHandlers): JobHandlers;
}
