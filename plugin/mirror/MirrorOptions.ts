import type { Logger } from '../model/logger.ts';
import type { MirrorFilters } from '../portal/ckan/matchingDatasets.ts';

/** What one mirror is asked to be. */
export interface MirrorOptions {
  /** URL of the CKAN portal as the operator named it. */
  readonly site: string;
  /** Where the copies, the datasets' documents and, without `DATABASE_URL`, the database lie. */
  readonly folder: string;
  /** CKAN's API token; null: anonymous. */
  readonly token: string | null;
  readonly filters: MirrorFilters;
  /** Links are checked, nothing is kept. */
  readonly checkOnly: boolean;
  /** The copies' URLs are written into the portal. */
  readonly writeBack: boolean;
  /** Looks for what is due by the schedule of the settings, between the runs too. */
  readonly isService: boolean;
  /** Absolute URL that our routes are served at; null: nobody serves them. */
  readonly archiverUrl: string | null;
  /** Opens everything that our routes have; null: nobody has it. */
  readonly accessToken: string | null;
}

/** What a mirror runs in. */
export interface MirrorSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Fires when the process is asked to end. */
  readonly signal: AbortSignal;
  progress(progress: MirrorProgress): void;
  /** Tells the operator something in a line. */
  say(line: string): void;
  now?(): Date;
}

/** How far a run of the mirror is. */
export type MirrorProgress =
  | { readonly kind: 'listing'; readonly read: number; readonly count: number | null }
  | {
      readonly kind: 'archiving';
      readonly done: number;
      /** null while it is being counted. */
      readonly total: number | null;
      readonly perSecond: number | null;
      readonly expectedEndAt: Date | null;
    }
  | { readonly kind: 'writing-back'; readonly written: number };

/** What a run came to. The names are a contract: `ckan --json` prints it. */
export interface MirrorSummary {
  readonly site: string;
  /** Of CKAN; null: hidden. */
  readonly version: string | null;
  /** Of the mirror, after the run. */
  readonly datasets: number;
  readonly resources: number;
  /** Resources by the code that they have after the run. */
  readonly counts: Readonly<Record<string, number>>;
  /** New versions that this run kept, and their bytes. */
  readonly copies: number;
  readonly bytes: number;
  /** Sent to publishers by this run. */
  readonly requests: number;
  /** Sent to the portal's API by this run. */
  readonly apiRequests: number;
  readonly seconds: number;
  /** Of a dry run: publishers' hosts that would be asked. */
  readonly hosts?: number;
}

/** A summary, and what kept the run from being whole. */
export interface MirrorResult {
  readonly summary: MirrorSummary;
  /** Why the portal was not read to its end, or not written to; null: everything went as it should. */
  readonly problem: string | null;
}
