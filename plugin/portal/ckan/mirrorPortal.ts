import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isOwnPage } from '../../decide/circular.ts';
import type { Logger } from '../../model/logger.ts';
import type { Resource } from '../../model/resource.ts';
import { createExpressPortal } from '../expressPortal.ts';
import type { HostDatabase } from '../HostDatabase.ts';
import type { Portal, Question } from '../Portal.ts';

/** What the mirrored portal is made of. */
export interface MirrorPortalOptions {
  readonly knex: HostDatabase;
  /** Of the mirror's tables. */
  readonly schema: string;
  /** Absolute URL of the CKAN portal, without a trailing slash. */
  readonly site: string;
  /** Absolute URL that our routes are mounted at. */
  readonly archiverUrl: string;
  /** Of CKAN; null: hidden. */
  readonly version: string | null;
  /** CKAN's API token; null: anonymous. */
  readonly token: string | null;
  /** Opens everything that our routes have; null: nobody has it. */
  readonly accessToken: string | null;
  readonly logger: Logger;
}

/**
 * The mirror of a CKAN portal as a portal like any other: its catalogue are the mirror's tables. The public may read what
 * belongs to public datasets, and starts nothing.
 */
export function createMirrorPortal(options: MirrorPortalOptions): Portal {
  const { knex, schema, site, archiverUrl, version, token, accessToken, logger } = options;
  const portal: Portal = createExpressPortal({
    knex,
    site,
    archiverUrl,
    name: 'CKAN',
    version: version ?? 'unknown',
    logger,
    tables: {
      resource: { table: `${schema}.resource` },
      dataset: { table: `${schema}.dataset` },
      organisation: { table: `${schema}.organisation` },
    },
    authorize: async (request, question) =>
      isHolder(request, accessToken) || (await isOfPublicDataset(portal, question)),
  });
  return {
    ...portal,
    refusalOf: ({ url }) =>
      isOwnPage(url, site) ? "The link leads back to the portal's own pages, which are no data." : null,
    authorizationFor: (resource) => (isOwnUpload(resource, site) ? token : null),
  };
}

/** An upload to this very resource: a link that somebody else made to a private file gets no token. */
function isOwnUpload({ id, datasetId, url, urlType }: Resource, site: string): boolean {
  const folder = `${site}/dataset/${datasetId}/resource/${id}/download/`;
  if (urlType !== 'upload' || !URL.canParse(url)) return false;
  const { href } = new URL(url);
  return href.startsWith(folder) && !/[/?#]|%2f|%5c|^\.+$/i.test(href.slice(folder.length));
}

async function isOfPublicDataset({ catalog }: Portal, { action, datasetId }: Question): Promise<boolean> {
  if ((action !== 'archive.read' && action !== 'archive.download') || datasetId === null) return false;
  const dataset = await catalog.getDataset(datasetId);
  return dataset !== null && !dataset.private;
}

/** `Authorization`, with or without `Bearer`; compared in constant time. */
function isHolder({ headers }: IncomingMessage, accessToken: string | null): boolean {
  const given = headers.authorization?.replace(/^Bearer\s+/i, '').trim();
  return accessToken !== null && given !== undefined && timingSafeEqual(digest(given), digest(accessToken));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
