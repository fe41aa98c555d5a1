import type { IncomingMessage, RequestListener } from 'node:http';
import type { BadgeWords } from '../model/badgeWords.ts';
import type { Contact } from '../model/contact.ts';
import type { HookName } from '../model/hook.ts';
import type { Logger } from '../model/logger.ts';
import type { MailWords } from '../model/mailWords.ts';
import type { Dataset, Organisation, Resource } from '../model/resource.ts';
import type { WriteBack } from '../model/writeBack.ts';
import type { Config } from '../settings/Config.ts';
import type { HostDatabase, HostTransaction } from './HostDatabase.ts';

/** What a host gives the plugin. About fifty lines for the author of a portal; everything after `settings` is optional. */
export interface Portal {
  readonly info: PortalInfo;
  readonly urls: PortalUrls;
  /** The host's own knex on PostgreSQL, of any version from 1.0 on; its pool is never closed by us. Absent: `DATABASE_URL`. */
  readonly database?: HostDatabase;
  readonly catalog: Catalog;
  /**
   * Throwing means deny; a portal without it cannot start. For a copy it is also asked with a request that carries nothing of the caller's (no
   * headers, query, session or address): what it allows then, caches may keep for everybody.
   */
  authorize(request: IncomingMessage, question: AuthorizationRequest): boolean | Promise<boolean>;
  readonly logger: Logger;
  /** Raw settings as the operator wrote them, names as in the settings table; checked in `start()`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly hooks?: HookSource;
  /** Mounts the handler under `urls.archiver`. A host may instead mount `archiver.handler` itself. */
  mount?(handler: RequestListener): void;
  /** What is wrong with how this portal was made, one sentence each; `start()` reports it with the settings. */
  readonly errors?: readonly string[];
  /**
   * Probes the host before anything is migrated, with the settings as they are in force (absent: those that the portal was
   * made with). Throws `ArchiverError('host-unsuitable')` that names all that is missing.
   */
  check?(config?: Config): Promise<void>;
  /** Why the file behind a resource is not to be asked for, in a sentence (its code is `circular`); null: it is. */
  refusalOf?(resource: Resource): string | null;
  /** The `Authorization` field that the portal wants for an upload of its own, sent to that URL alone; null: none. */
  authorizationFor?(resource: Resource): string | null;
  now?(): Date;
}

/** Who the host is, for logs and for callers. */
export interface PortalInfo {
  readonly name: string;
  readonly version: string;
  /**
   * What badges say, by language (`pt`, `pt-BR`): languages of its own, or single sentences otherwise. What is left out is
   * said in the archiver's words, or in English.
   */
  readonly badgeWords?: Readonly<Record<string, Partial<BadgeWords>>>;
  /** What mail to maintainers says, and the pages that end it; as `badgeWords`. */
  readonly mailWords?: Readonly<Record<string, Partial<MailWords>>>;
  /** Names who asks (RFC 9110 section 10.1.5): the same caller of an Idempotency-Key. Default: the Authorization header's hash. */
  caller?(request: IncomingMessage): string | null;
}

/** Where the host is reached; what is written into `cache_url` begins with one of these. */
export interface PortalUrls {
  /** Absolute URL of the portal, without a trailing slash. */
  readonly site: string;
  /** Absolute URL the handler is mounted at, e.g. `https://data.example/archiver`, without a trailing slash. */
  readonly archiver: string;
}

/** The host's datasets and resources. Each method throws when the host's database does not answer; the work is done again. */
export interface Catalog {
  /** null at any time: the row was deleted, or its save rolled back. */
  getResource(id: string): Promise<Resource | null>;
  /** Those of the ids that are there, in any order. Optional: without it each resource of a sweep is a query of its own. */
  getResources?(ids: readonly string[]): Promise<readonly Resource[]>;
  getDataset(idOrName: string): Promise<Dataset | null>;
  /** A dataset without its resources. Optional: without it a dataset is read whole for each download of a copy. */
  describeDataset?(idOrName: string): Promise<Omit<Dataset, 'resources'> | null>;
  /** Those of the ids that are there, in any order. Optional: without it each dataset of a sweep is a query of its own, once. */
  describeDatasets?(ids: readonly string[]): Promise<readonly Omit<Dataset, 'resources'>[]>;
  /** A dataset's resources in ascending id order, after `after`. Optional: without it pages are cut from `getDataset`. */
  listDatasetResources?(
    datasetId: string,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly Resource[]>;
  /** All resources in ascending id order, after `after`; an empty page is the end. */
  listResources(page: { readonly after: string | null; readonly limit: number }): Promise<readonly Resource[]>;
  /**
   * All organisations, each with its `parentId`, also those that have no dataset of their own. Optional: without it reports know
   * those that resources name, and none is a part of another.
   */
  listOrganisations?(): Promise<readonly Organisation[]>;
  /**
   * Whom to write to about the links of these datasets, by the id of the dataset; those left out, or null, are nobody's. Asked for
   * up to 1000 datasets at a time, and again each time before anybody is written to. Optional: without it nobody is.
   */
  contactOf?(datasetIds: readonly string[]): Promise<ReadonlyMap<string, Contact | null>>;
  /**
   * Writes what is not null to the host's resource rows, in the archiver's own transaction when it is the same
   * database; a host with knex types writes `transaction: Knex.Transaction`. Must not look like an edit: the host's hooks either stay silent or carry `origin: 'portal-archiver'`.
   */
  writeBack(changes: readonly WriteBack[], transaction: HostTransaction): Promise<void>;
  /**
   * The addresses of copies (`cache_url`) that these resources hold, by id; those without are left out. Read in the transaction in
   * which they are then written. Optional: without it `relocate` has nothing to go by.
   */
  cacheUrls?(ids: readonly string[], transaction: HostTransaction): Promise<ReadonlyMap<string, string>>;
  /**
   * Gives a resource the URL that somebody let the archiver propose: an ordinary edit, with all that follows one in the host (its hooks,
   * dates, index, history). Answers what became of it; `edited` and `missing`: nothing was written. A rejection says, in a message for
   * people, why the host does not take the URL. Optional: without it the pages show the URL to be copied.
   */
  updateUrl?(resourceId: string, url: string, edit: UrlEdit): Promise<UrlUpdate>;
  /** The bytes of an upload that has no public URL; null when it is missing. Optional. */
  openUpload?(resource: Resource): Promise<NodeJS.ReadableStream | null>;
}

/** On what condition a URL is changed, and for whom. */
export interface UrlEdit {
  /** The URL as it was when another was proposed: where it is neither this nor the new one, nothing is written. */
  readonly expected: string;
  /** Who applied it, as `info.caller` names them; null: it does not. `authorize` was asked for `archive.admin`. */
  readonly by: string | null;
}

/** `updated`: it has the new URL, also where it had it before; `edited`: it has another than the one expected; `missing`: it is gone. */
export type UrlUpdate = 'updated' | 'edited' | 'missing';

/** What somebody wants to do. */
export type Action = 'archive.trigger' | 'archive.read' | 'archive.download' | 'archive.report' | 'archive.admin';

/** What the archiver asks the host's `authorize` for: an action, and what it is about; null: nothing in particular. */
export interface AuthorizationRequest {
  readonly action: Action;
  readonly datasetId: string | null;
  readonly resourceId: string | null;
}

/** @deprecated The earlier name of {@link AuthorizationRequest}. */
export type Question = AuthorizationRequest;

/** What a host tells a hook's listener about a save. */
export interface HookEvent {
  readonly datasetId: string | null;
  /** null for the dataset hooks. */
  readonly resourceId: string | null;
  /** Of the save, when the host offers it: the outbox row commits or rolls back with it. */
  readonly transaction?: HostTransaction;
  /** `portal-archiver` marks our own writes; they start nothing. */
  readonly origin?: string;
  /** true: the file behind an unchanged URL was replaced (a new upload). */
  readonly fileReplaced?: boolean;
}

/** Resolves fast and never rejects. */
export type HookListener = (event: HookEvent) => Promise<void>;

/** Where listeners of the host's hooks are registered. */
export interface HookSource {
  on(name: HookName, listener: HookListener): void;
  off?(name: HookName, listener: HookListener): void;
}
