/** CKAN's row; ours have entity_type `resource`, task_type `archiver`, key `status`. */
export interface TaskStatus {
  readonly entityId: string;
  readonly state: 'pending' | 'running' | 'success' | 'failure';
  /** JSON `{code, status, reason, attempts, runId, is_broken, lastAttempt}`; the last two are left out before a request's first attempt. */
  readonly value: string;
  /** Empty on success, else the sentence for people. */
  readonly error: string;
  readonly lastUpdated: Date;
}

/** A row of CKAN's table, with its own id. */
export interface KnownTaskStatus extends TaskStatus {
  readonly id: string;
  readonly entityType: string;
  readonly taskType: string;
  readonly key: string;
}

/** CKAN's view of the archivals, for clients that know its `task_status`. */
export interface TaskStatuses {
  get(entityId: string): Promise<KnownTaskStatus | null>;
  byId(id: string): Promise<KnownTaskStatus | null>;
}
