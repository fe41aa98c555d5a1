import type { Resource } from '../model/resource.ts';

/** CKAN's stores of rows: archiving their dumps would go round in a circle. */
const DERIVED_URL_TYPES: ReadonlySet<string> = new Set(['datastore', 'datapusher', 'xloader']);

/** Whether the portal makes the file itself, of rows that it holds. */
export function isDerived({ urlType }: Pick<Resource, 'urlType'>): boolean {
  return urlType !== null && DERIVED_URL_TYPES.has(urlType);
}

/** Below a CKAN site: where its own pages, its API and its dumps lie, in whatever language. */
const OWN_PAGES =
  /^(?:\/[a-z]{2,3}(?:_[A-Za-z]+)?)?(?:\/?$|\/(?:dataset|organization|group|user|api|datastore|dashboard|about|feeds)(?:\/|$|\.))/;
const DOWNLOAD = /\/resource\/[^/]+\/download(?:\/|$)/;

/** Whether a link leads to a page of the CKAN portal itself, which is no data. Uploads lie on the same site, and are. */
export function isOwnPage(url: string, site: string): boolean {
  if (!URL.canParse(url)) return false;
  const { host, pathname } = new URL(url);
  const own = new URL(site);
  const base = own.pathname.replace(/\/+$/, '');
  if (host !== own.host || !(pathname === base || pathname.startsWith(`${base}/`))) return false;
  const path = pathname.slice(base.length);
  return OWN_PAGES.test(path) && !DOWNLOAD.test(path);
}
