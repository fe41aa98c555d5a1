import type { Run } from '../model/run.ts';
import type { Code } from '../model/status.ts';

/** Which part of a list: after the entry with this name; null: from the beginning. */
export interface Part {
  readonly after: string | null;
  readonly limit: number;
}

/** Narrows a list of runs; null: all. */
export interface RunFilter {
  readonly kind: Run['kind'] | null;
  readonly state: Run['state'] | null;
}

/** Which archivals a run may have brought about. */
export interface RunScope {
  readonly from: Date;
  readonly to: Date;
  /** Of this dataset, or of this resource alone; null: any. */
  readonly datasetId: string | null;
  readonly resourceId: string | null;
}

/** A resource that was not archived when it was asked for last. */
export interface FailedResource {
  readonly resourceId: string;
  readonly datasetId: string;
  readonly url: string;
  readonly host: string;
  readonly code: Code;
  readonly reason: string;
  readonly checkedAt: Date;
}

/** What people who look after the archive are shown of it: lists that are narrowed and read page by page. */
export interface OperatorViews {
  /** The newest first, after the run with this id. */
  runs(filter: RunFilter, part: Part): Promise<readonly Run[]>;
  /** In the order in which they were asked for, after the resource with this id. */
  failed(scope: RunScope, part: Part): Promise<readonly FailedResource[]>;
}
