import type { Redirect } from './attempt.ts';
import type { Code } from './status.ts';

/**
 * What may change in the state of a resource. `code`: it began to end otherwise, where all that works counts as one;
 * `copy`: a version was stored; `moved`: every redirect on the way is permanent, or leads elsewhere than before; `broken`
 * and `recovered` as the events of these names; `missing`: the store lost a copy; `suspect`: a copy ends in the middle; `removed`: the resource left the portal.
 */
export type ChangeKind = 'code' | 'copy' | 'moved' | 'broken' | 'recovered' | 'missing' | 'suspect' | 'removed';

/** One change of state of a resource, kept for good. Members that its kind does not have are null. */
export interface StateChange {
  readonly at: Date;
  readonly resourceId: string;
  readonly datasetId: string;
  readonly kind: ChangeKind;
  readonly code: Code | null;
  readonly previousCode: Code | null;
  readonly reason: string | null;
  readonly copyKey: string | null;
  /** Of the copy that a new one takes the place of. */
  readonly previousCopyId: string | null;
  readonly url: string | null;
}

/** A change as it is kept. */
export interface KeptChange extends Omit<StateChange, 'previousCopyId'> {
  /** Grows with the order of recording. */
  readonly id: string;
  readonly previousCopyKey: string | null;
}

/** What is remembered of an attempt that made a request. */
export interface AttemptNote {
  readonly at: Date;
  readonly code: Code;
  readonly reason: string;
  readonly status: number | null;
  /** How long it took, milliseconds. */
  readonly ms: number;
  /** From the last request to the head of its answer; null: none came. */
  readonly firstByteMs: number | null;
  readonly requests: number;
  readonly wireBytes: number;
  readonly finalUrl: string | null;
  /** null where the copy we have was still right. */
  readonly detail: AttemptDetail | null;
}

/** How an attempt came to its outcome. */
export interface AttemptDetail {
  readonly redirects: readonly Redirect[];
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly evidence: readonly string[];
}

/** The attempts of a day (UTC) that ended alike, at one host or at all. */
export interface DaySum {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly code: Code;
  readonly attempts: number;
  readonly requests: number;
  readonly wireBytes: number;
  /** Together, milliseconds. */
  readonly ms: number;
}
