import type { Acceptance } from './acceptance.ts';
import type { Known } from './attempt.ts';
import type { DataLink } from './dataLink.ts';
import type { Code } from './status.ts';

/** A file that a page leads to, archived beside the page's resource: its own URL, validators and checks. */
export interface DerivedFile extends DataLink {
  readonly resourceId: string;
  /** null: no attempt was made yet. */
  readonly code: Code | null;
  readonly reason: string | null;
  readonly checkedAt: Date | null;
  readonly nextCheckAt: Date | null;
  readonly unchangedCount: number;
  readonly known: Known | null;
  /** Of its newest copy. */
  readonly copyKey: string | null;
}

/** What lies behind the page that a resource's URL answers with. */
export interface Landing {
  readonly links: readonly DataLink[];
  readonly derived: readonly DerivedFile[];
  /** Newest first. */
  readonly accepted: readonly Acceptance[];
}

/** A resource behind which nothing was found. */
export const NO_LANDING: Landing = { links: [], derived: [], accepted: [] };
