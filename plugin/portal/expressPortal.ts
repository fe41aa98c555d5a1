import type { IncomingMessage, RequestListener } from 'node:http';
import type { Logger } from '../model/logger.ts';
import type { HostDatabase } from './HostDatabase.ts';
import type { AuthorizationRequest, Catalog, HookSource, Portal, PortalInfo } from './Portal.ts';
import { TableCatalog } from './tableCatalog.ts';
import { type TableNames, tableNameErrors, tableSettingsOf } from './tableNames.ts';

/** What a portal of Express and knex hands over. */
export interface ExpressPortalOptions {
  /** The portal's own; never closed by us. */
  readonly knex: HostDatabase;
  /** Absolute URL of the portal. */
  readonly site: string;
  /** Absolute URL the handler is mounted at; default: `/archiver` under `site`. */
  readonly archiverUrl?: string;
  authorize(request: IncomingMessage, question: AuthorizationRequest): boolean | Promise<boolean>;
  readonly logger: Logger;
  readonly name: string;
  readonly version: string;
  /** Raw settings as the operator wrote them; where resources and datasets lie is added to them from `tables`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Where the names differ from CKAN's; the settings of tables and columns win over them. */
  readonly tables?: TableNames;
  readonly hooks?: HookSource;
  /**
   * How a proposed URL is applied: the portal's own edit, or `table`: an update of the column of URLs alone, for a portal in which nothing
   * else follows a save. Absent: it is shown to be copied.
   */
  readonly updateUrl?: NonNullable<Catalog['updateUrl']> | 'table';
  /** Languages of badges beyond the archiver's, or sentences of its own. */
  readonly badgeWords?: PortalInfo['badgeWords'];
  /** The same of mail to maintainers. */
  readonly mailWords?: PortalInfo['mailWords'];
  /** Whom to write to about the links of datasets, where the columns of maintainers and authors do not say it. */
  readonly contactOf?: Catalog['contactOf'];
  /** Names who asks. Default: by the Authorization header. */
  caller?(request: IncomingMessage): string | null;
  /** Mounts the handler at `archiverUrl`. Absent: the portal mounts `archiver.handler` itself. */
  mount?(handler: RequestListener): void;
}

/**
 * The adapter for a portal of Express and knex on PostgreSQL, its datasets and resources in two tables, and whose they are in a
 * third, where there is one.
 */
export function createExpressPortal(options: ExpressPortalOptions): Portal {
  const { knex, authorize, logger, hooks, mount, contactOf } = options;
  const site = withoutSlash(options.site);
  const catalog = new TableCatalog(knex, options.tables, site, options.updateUrl ?? null);
  // In the place of its own.
  if (contactOf) Object.assign(catalog, { contactOf });
  return {
    info: infoOf(options),
    urls: { site, archiver: withoutSlash(options.archiverUrl ?? `${site}/archiver`) },
    database: knex,
    catalog,
    authorize,
    logger,
    settings: { ...tableSettingsOf(options.tables), ...options.settings },
    errors: tableNameErrors(options.tables),
    check: (config) => catalog.check(config),
    ...(hooks && { hooks }),
    ...(mount && { mount }),
  };
}

function infoOf({ name, version, caller, badgeWords, mailWords }: ExpressPortalOptions): PortalInfo {
  return {
    name,
    version,
    ...(caller && { caller }),
    ...(badgeWords && { badgeWords }),
    ...(mailWords && { mailWords }),
  };
}

/** A host of plain JavaScript may leave it out; `start()` says so. */
const withoutSlash = (url: string | undefined): string => (url ?? '').replace(/\/+$/, '');
