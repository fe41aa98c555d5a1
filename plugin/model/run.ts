import type { Lane } from './archival.ts';
import type { Code } from './status.ts';

/** What one request or one sweep started; it has progress and an end. */
export interface Run {
  readonly id: string;
  readonly kind: 'resource' | 'dataset' | 'all' | 'sweep';
  readonly lane: Lane;
  /** The dataset or resource asked for; null for `all` and `sweep`. */
  readonly subjectId: string | null;
  readonly datasetId: string | null;
  readonly state: 'queued' | 'running' | 'done' | 'cancelled';
  /** Resources; null while they are being counted. */
  readonly total: number | null;
  readonly done: number;
  /** `superseded`: so many newer runs asked for the same resource that it was counted here before it was archived. */
  readonly counts: Readonly<Partial<Record<Code | 'deleted' | 'superseded', number>>>;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}
