import type { IncomingMessage } from 'node:http';
import type { BadgeWords } from '../model/badgeWords.ts';
import type { Logger } from '../model/logger.ts';
import type { MailWords } from '../model/mailWords.ts';
import type { Catalog, Portal } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import type { Requests } from '../trigger/Requests.ts';
import type { AdminDeps } from './admin/AdminDeps.ts';
import type { Health } from './health.ts';
import type { Languages } from './languages.ts';
import type { MetricsSource } from './metricsSource.ts';
import type { ReaderLimits } from './sendStream.ts';

/** What the routes stand on once the plugin is started. */
export interface HandlerDeps {
  readonly requests: Requests;
  readonly records: Pick<
    Records,
    | 'archivals'
    | 'copies'
    | 'histories'
    | 'hosts'
    | 'landings'
    | 'leases'
    | 'mails'
    | 'operatorViews'
    | 'proposals'
    | 'reports'
    | 'runs'
    | 'taskStatus'
  >;
  readonly store: Pick<ArchiveStore, 'read' | 'size'>;
  readonly catalog: Pick<
    Catalog,
    'getResource' | 'getDataset' | 'describeDataset' | 'listDatasetResources' | 'updateUrl'
  >;
  readonly authorize: Portal['authorize'];
  /** Whose pages may change something: those of the portal and of the archiver, such as `https://data.example`. */
  readonly origins: ReadonlySet<string>;
  /** The portal's name and its URL. */
  readonly portal: { readonly name: string; readonly site: string };
  /** Where the handler is mounted, absolute. */
  readonly archiverUrl: string;
  /** The caller, for an Idempotency-Key; null: nobody in particular. */
  caller(request: IncomingMessage): string | null;
  /** The caller as the portal names people; null: it does not. */
  nameOf(request: IncomingMessage): string | null;
  /** Failures in a row that make a link broken. */
  readonly confirmFailures: number;
  /** How long caches may keep a copy that anybody may read. */
  readonly copyMaxAgeMs: number;
  readonly readerLimits: ReaderLimits;
  /** Where the bytes of a key are served; for a private dataset never past us. */
  copyUrl(key: string, isPrivate: boolean): string;
  health(): Promise<Health>;
  /** Read at most once in ten seconds for all who ask. */
  readonly metrics: MetricsSource;
  /** Of badges. */
  readonly languages: Languages<BadgeWords>;
  /** Of mail to maintainers. */
  readonly mailLanguages: Languages<MailWords>;
  /** Of the pages for operators. */
  readonly admin: AdminDeps;
  readonly logger: Logger;
  now(): Date;
}
