import type { HostDatabase } from '../portal/HostDatabase.ts';
import type { Portal } from '../portal/Portal.ts';

const CATALOG = ['getResource', 'getDataset', 'listResources', 'writeBack'] as const;
const DATABASE = ['raw', 'transaction', 'migrate', 'client'] as const;
const LOGGER = ['debug', 'info', 'warn', 'error'] as const;

/** What is wrong with a portal, one sentence each: what its types would say, for hosts of plain JavaScript, and its URLs. */
export function portalErrors(portal: Partial<Portal>): readonly string[] {
  const { urls, database, catalog, logger, authorize, errors = [] } = portal;
  return [
    ...urlErrors('site', urls?.site),
    ...urlErrors('archiver', urls?.archiver),
    ...databaseErrors(database),
    ...missing('catalog', catalog, CATALOG),
    ...missing('logger', logger, LOGGER),
    ...(typeof authorize === 'function' ? [] : ['The portal has no authorize: nobody could be let in.']),
    ...errors,
  ];
}

function urlErrors(name: string, url: unknown): readonly string[] {
  const isAbsolute = typeof url === 'string' && /^https?:\/\/[^/]/i.test(url) && URL.canParse(url);
  if (isAbsolute) return [];
  return [
    `The portal's urls.${name} is ${JSON.stringify(url) ?? 'missing'}; it must be an absolute URL of http or https.`,
  ];
}

/** Its dialect is what a knex calls its server. */
function databaseErrors(database: HostDatabase | undefined): readonly string[] {
  if (database === undefined) return [];
  const lacking = DATABASE.filter((member) => !Reflect.get(database, member));
  if (lacking.length > 0) return [`The portal's database is no knex: it has no ${lacking.join(', no ')}.`];
  const dialect: unknown = Reflect.get(database.client, 'dialect');
  return dialect === 'postgresql' ? [] : [`The portal's knex is of ${dialect}; the archiver needs PostgreSQL.`];
}

function missing(name: string, part: object | undefined, methods: readonly string[]): readonly string[] {
  return methods
    .filter((method) => typeof Reflect.get(part ?? {}, method) !== 'function')
    .map((method) => `The portal has no ${name}.${method}.`);
}
