import type { Acceptance } from '../model/acceptance.ts';
import type { Copy } from '../model/copy.ts';
import type { DataLink } from '../model/dataLink.ts';
import type { DerivedFile, Landing } from '../model/landing.ts';

/** What one attempt found behind a page; it is written with the record of the attempt. */
export interface LandingRecord {
  readonly resourceId: string;
  readonly at: Date;
  /** null: nobody looked; empty: the URL no longer answers with a page that has any. */
  readonly links: readonly DataLink[] | null;
  readonly derived: readonly DerivedFile[];
  /** Of derived files; their bytes are already kept in the store. */
  readonly copies: readonly Omit<Copy, 'id'>[];
  readonly accepted: readonly Acceptance[];
}

/** What is behind landing pages. */
export interface Landings {
  /** By resource; one behind which nothing was found is left out. */
  listByResources(resourceIds: readonly string[]): Promise<ReadonlyMap<string, Landing>>;
  /** The files archived from a resource's page, the likeliest first. */
  derivedOf(resourceId: string): Promise<readonly DerivedFile[]>;
}
