import type { Logger } from '../model/logger.ts';
import type { Portal } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import { currentAddresses } from '../work/relocateCopies.ts';
import { copiesBase } from './copiesBase.ts';

/** As URLs of copies are made of it: without a slash at its end. */
export const baseOf =
  (config: Config, portal: Pick<Portal, 'urls'>) =>
  (isPrivate: boolean): string =>
    copiesBase(config, portal, isPrivate).replace(/\/+$/, '');

/** Notes the addresses in use, and says so where the portal still holds others. */
export async function noticeAddresses(
  config: Config,
  portal: Pick<Portal, 'urls' | 'catalog'>,
  { addresses }: Pick<Records, 'addresses'>,
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  const current = currentAddresses(baseOf(config, portal));
  await addresses.use(current);
  const from = await addresses.earlier();
  const to = [...new Set(current.map(({ url }) => url))];
  if (from.length === 0) return;
  const cure = portal.catalog.cacheUrls
    ? 'run portal-archiver relocate'
    : "the portal's catalogue has no cacheUrls, which portal-archiver relocate needs to rewrite what the portal holds";
  logger.warn({ from, to }, `the address of copies has changed: ${cure}`);
}
