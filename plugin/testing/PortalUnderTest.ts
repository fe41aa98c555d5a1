import type { TestContext } from 'node:test';
import type { Contact } from '../model/contact.ts';
import type { Dataset, Organisation, Resource } from '../model/resource.ts';
import type { WriteBack } from '../model/writeBack.ts';
import type { HostTransaction } from '../portal/HostDatabase.ts';
import type { Catalog, Portal } from '../portal/Portal.ts';

/** One host's catalogue with a few rows that the suite may write to; they are made by `open`. */
export interface CatalogUnderTest {
  readonly catalog: Catalog;
  /** Every dataset that the catalogue has: at least two, with at least three resources among them. */
  readonly datasets: readonly Dataset[];
  /** Every organisation that the catalogue lists, with its `parentId`. Left out: the host has none. */
  readonly organisations?: readonly Organisation[];
  /** Whom the catalogue names for each dataset that has somebody, by the dataset's id. Left out: nobody for any. */
  readonly contacts?: ReadonlyMap<string, Contact>;
  /** Ids of the host's kind that no resource has, such as one of a row that was deleted; may be empty. */
  readonly missingIds: readonly string[];
  /** Runs the work in a transaction of the host's database, which is rolled back when the work rejects. */
  transaction<Result>(work: (transaction: HostTransaction) => Promise<Result>): Promise<Result>;
  /** What the host's row of a resource holds now; members that the host has no column for are left out. */
  written(resourceId: string): Promise<Partial<Omit<WriteBack, 'resourceId'>>>;
  /** How many edits of resources the host's own listeners have seen. Left out: that writing is no edit is not tried. */
  edits?(): number | Promise<number>;
  /** Closes what `open` opened. */
  close(): Promise<void>;
}

/** A name for the report, and how to open a catalogue with its rows. */
export interface CatalogSubject {
  readonly name: string;
  /** The reason why the host cannot be tried here, such as a missing database; the suite is skipped with it. */
  readonly skip?: string | false;
  open(): Promise<CatalogUnderTest>;
}

/** One host, complete: its catalogue and everything around it. */
export interface PortalUnderTest extends CatalogUnderTest {
  readonly portal: Portal;
  /** Saves the resource as an editor of the host would, with this URL. Left out: hooks are not tried. */
  save?(resource: Resource, url: string): Promise<void>;
  /** The host listens at `portal.urls.archiver`. Left out or false: mounting is not tried. */
  readonly isListening?: boolean;
}

/** A name for the report, and how to open a host with its rows. */
export interface PortalSubject {
  readonly name: string;
  /** The reason why the host cannot be tried here, such as a missing database; the suite is skipped with it. */
  readonly skip?: string | false;
  open(): Promise<PortalUnderTest>;
}

/** One thing that a catalogue must do; rejects when it does not. */
export type CatalogCheck = (place: CatalogUnderTest, context: TestContext) => Promise<void>;
