import { ArchiverError } from '../errors.ts';
import type { WriteBack } from '../model/writeBack.ts';
import type { Catalog } from '../portal/Portal.ts';
import type { CatalogReader } from '../portal/storableCatalog.ts';
import type { CopiesAddress, Records } from '../record/Records.ts';

/** What moves addresses. */
export interface RelocateDeps {
  readonly catalog: CatalogReader;
  /** The portal's own, which is read and written in one transaction. */
  readonly written: Pick<Catalog, 'cacheUrls' | 'writeBack'>;
  readonly records: Pick<Records, 'addresses'>;
  /** What the URL of a copy begins with now, without a slash at its end. */
  baseOf(isPrivate: boolean): string;
}

/** What a relocation did, or in a dry run would do. */
export interface Relocation {
  readonly dryRun: boolean;
  /** Addresses that were replaced, or were in use before. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** Resources that were looked at, and those whose address was rewritten. */
  readonly checked: number;
  readonly moved: number;
}

const PAGE = 500;
const UNCHANGED = { cacheLastUpdated: null, hash: null, size: null, mimetype: null };

/** The addresses in use now. */
export const currentAddresses = (baseOf: RelocateDeps['baseOf']): readonly CopiesAddress[] => [
  { audience: 'public', url: baseOf(false) },
  { audience: 'private', url: baseOf(true) },
];

/**
 * Rewrites the address of each copy that the portal holds below an earlier address, page by page; what it points to stays.
 * Broken off at any point and run again it does the rest. Throws `ArchiverError('host-unsuitable')` where the portal's
 * catalogue cannot say what it holds.
 */
export async function relocateCopies(dryRun: boolean, deps: RelocateDeps): Promise<Relocation> {
  const { catalog, records, baseOf, written } = deps;
  if (!written.cacheUrls)
    throw new ArchiverError('host-unsuitable', "The portal's catalogue has no cacheUrls: what it holds is not known.");
  const current = currentAddresses(baseOf);
  const to = [...new Set(current.map(({ url }) => url))];
  const known = await records.addresses.all();
  const bases = [...new Set([...known, ...to])];
  let checked = 0;
  let moved = 0;
  for (let after: string | null = null; ; ) {
    const page = await catalog.listResources({ after, limit: PAGE });
    if (page.length === 0) break;
    const isPrivate = await privacyOf(page, deps);
    moved += await rewritePage(page, { ...deps, dryRun, bases, isPrivate });
    checked += page.length;
    after = page.at(-1)?.id ?? null;
  }
  if (!dryRun) await records.addresses.settle(current);
  return { dryRun, from: known.filter((url) => !to.includes(url)), to, checked, moved };
}

type Page = Awaited<ReturnType<Catalog['listResources']>>;

/** By dataset; nobody is asked where all copies have one address. A dataset that is gone is private. */
async function privacyOf(page: Page, { catalog, baseOf }: RelocateDeps): Promise<ReadonlyMap<string, boolean>> {
  const found = new Map<string, boolean>();
  if (baseOf(true) === baseOf(false)) return found;
  for (const { datasetId } of page) {
    if (found.has(datasetId)) continue;
    const dataset = await (catalog.describeDataset?.(datasetId) ?? catalog.getDataset(datasetId));
    found.set(datasetId, dataset?.private ?? true);
  }
  return found;
}

interface PageDeps extends RelocateDeps {
  readonly dryRun: boolean;
  /** All that an address of ours may begin with. */
  readonly bases: readonly string[];
  readonly isPrivate: ReadonlyMap<string, boolean>;
}

/** Its resources are locked against workers, so that no newer address is overwritten. Answers how many were rewritten. */
function rewritePage(page: Page, deps: PageDeps): Promise<number> {
  const { records, written, dryRun, bases, isPrivate, baseOf } = deps;
  const ids = page.map(({ id }) => id);
  return records.addresses.rewrite(ids, async (transaction) => {
    const urls = (await written.cacheUrls?.(ids, transaction)) ?? new Map<string, string>();
    const changes = page.flatMap(({ id, datasetId }): WriteBack[] => {
      const cacheUrl = movedUrl(urls.get(id), bases, baseOf(isPrivate.get(datasetId) ?? false));
      return cacheUrl === null ? [] : [{ resourceId: id, cacheUrl, ...UNCHANGED }];
    });
    if (!dryRun && changes.length > 0) await written.writeBack(changes, transaction);
    return changes.length;
  });
}

/** null: it is right as it is, or none of ours. */
function movedUrl(url: string | undefined, bases: readonly string[], target: string): string | null {
  const base = bases.find((one) => url?.startsWith(`${one}/archive/`));
  return url === undefined || base === undefined || base === target ? null : target + url.slice(base.length);
}
