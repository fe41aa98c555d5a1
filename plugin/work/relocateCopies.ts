import { ArchiverError, codeOf, messageOf } from '../errors.ts';
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
  /** Resources whose address the portal's own table did not take; they keep the one they had. */
  readonly refused: number;
  /** The first thousand of them, each with the database's words. */
  readonly refusals: readonly Refusal[];
}

/** A resource whose row the host's table does not take. */
export interface Refusal {
  readonly resourceId: string;
  readonly reason: string;
}

const PAGE = 500;
const REFUSALS_TOLD = 1000;
const UNCHANGED = { cacheLastUpdated: null, hash: null, size: null, mimetype: null };

/** The addresses in use now. */
export const currentAddresses = (baseOf: RelocateDeps['baseOf']): readonly CopiesAddress[] => [
  { audience: 'public', url: baseOf(false) },
  { audience: 'private', url: baseOf(true) },
];

/**
 * Rewrites the address of each copy that the portal holds below an earlier address, page by page; what it points to stays.
 * A page that the host's table refuses is halved until the rows that it does not take stand alone; the rest goes on. Broken
 * off at any point and run again it does the rest, and so it does after a refusal: earlier addresses are forgotten when
 * nothing was refused. Throws `ArchiverError('host-unsuitable')` where the portal's catalogue cannot say what it holds.
 */
export async function relocateCopies(dryRun: boolean, deps: RelocateDeps): Promise<Relocation> {
  const { catalog, records, baseOf, written } = deps;
  const current = currentAddresses(baseOf);
  const to = [...new Set(current.map(({ url }) => url))];
  if (!written.cacheUrls) throw nothingToGoBy(await records.addresses.earlier(), to);
  const known = await records.addresses.all();
  const bases = [...new Set([...known, ...to])];
  const refusals: Refusal[] = [];
  const counts = { checked: 0, moved: 0, refused: 0 };
  for (let after: string | null = null; ; ) {
    const page = await catalog.listResources({ after, limit: PAGE });
    if (page.length === 0) break;
    const isPrivate = await privacyOf(page, deps);
    const rewritten = await rewriteTaken(page, { ...deps, dryRun, bases, isPrivate });
    counts.moved += rewritten.moved;
    counts.refused += rewritten.refusals.length;
    refusals.push(...rewritten.refusals.slice(0, REFUSALS_TOLD - refusals.length));
    counts.checked += page.length;
    after = page.at(-1)?.id ?? null;
  }
  if (!dryRun && counts.refused === 0) await records.addresses.settle(current);
  return { dryRun, from: known.filter((url) => !to.includes(url)), to, ...counts, refusals };
}

function nothingToGoBy(earlier: readonly string[], to: readonly string[]): ArchiverError {
  const changed =
    earlier.length > 0
      ? `The address of copies changed from ${earlier.join(' and ')} to ${to.join(' and ')}, but the`
      : 'The';
  return new ArchiverError(
    'host-unsuitable',
    `${changed} portal's catalogue has no cacheUrls: what it holds is not known. Offer cacheUrls in its catalogue, and run this again.`,
  );
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

interface Rewritten {
  readonly moved: number;
  readonly refusals: readonly Refusal[];
}

/** A refused row fails the statement of all; which one it was is found by halves. */
async function rewriteTaken(page: Page, deps: PageDeps): Promise<Rewritten> {
  try {
    return { moved: await rewritePage(page, deps), refusals: [] };
  } catch (error) {
    if (codeOf(error) !== 'host-refused') throw error;
    const [first] = page;
    if (first && page.length === 1) return { moved: 0, refusals: [{ resourceId: first.id, reason: messageOf(error) }] };
    const middle = Math.ceil(page.length / 2);
    const one = await rewriteTaken(page.slice(0, middle), deps);
    const other = await rewriteTaken(page.slice(middle), deps);
    return { moved: one.moved + other.moved, refusals: [...one.refusals, ...other.refusals] };
  }
}

/** Its resources are locked against workers, so that no newer address is overwritten. Answers how many were rewritten. */
async function rewritePage(page: Page, deps: PageDeps): Promise<number> {
  const { records, written, dryRun, bases, isPrivate, baseOf } = deps;
  const ids = page.map(({ id }) => id);
  const changes = await records.addresses.rewrite<WriteBack>(ids, {
    async read(transaction) {
      const urls = (await written.cacheUrls?.(ids, transaction)) ?? new Map<string, string>();
      return page.flatMap(({ id, datasetId }) => {
        const cacheUrl = movedUrl(urls.get(id), bases, baseOf(isPrivate.get(datasetId) ?? false));
        return cacheUrl === null ? [] : [{ resourceId: id, cacheUrl, ...UNCHANGED }];
      });
    },
    write: async (moved, transaction) => {
      if (!dryRun) await written.writeBack(moved, transaction);
    },
  });
  return changes.length;
}

/** null: it is right as it is, or none of ours. */
function movedUrl(url: string | undefined, bases: readonly string[], target: string): string | null {
  const base = bases.find((one) => url?.startsWith(`${one}/archive/`));
  return url === undefined || base === undefined || base === target ? null : target + url.slice(base.length);
}
