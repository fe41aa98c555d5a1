import { isSameState } from '../../decide/stateChanges.ts';
import { nextFreshCheck } from '../../decide/stillFresh.ts';
import { codeOf } from '../../errors.ts';
import type { Resource } from '../../model/resource.ts';
import type { Archivals, DueAndFresh, FreshAdvance, FreshResource } from '../../record/Archivals.ts';

/** What became of the due resources in front of a host. */
export interface LookedAt {
  /** Of those that were looked at: for a journey. */
  readonly left: number;
  /** Nothing else was due there. */
  readonly isAll: boolean;
}

/** What is still fresh is found, decided and recorded with. */
export interface FreshSliceDeps {
  readonly archivals: Pick<Archivals, 'dueAndFreshOf'>;
  /** Answers those that were recorded; the others somebody took, wanted or advanced meanwhile. */
  advance(advances: readonly FreshAdvance[], now: Date): Promise<readonly FreshAdvance[]>;
  /** Those of the ids that the portal has, as it has them now. */
  describe(ids: readonly string[]): Promise<ReadonlyMap<string, Resource>>;
  /** The file behind it is not to be asked for, nor archived. */
  isRefused(resource: Resource): boolean;
  /** Until when it need not be asked for, by what its server said; null: it has to be. */
  freshUntil(fresh: FreshResource, now: Date): Date | null;
  /** true: the store is asked for the copy of this one. */
  isChecked(): boolean;
  isMissing(resourceId: string): Promise<boolean>;
  /** When the next check comes; see `nextFreshCheck`. */
  readonly bounds: Parameters<typeof nextFreshCheck>[0]['bounds'];
  random(): number;
  now(): Date;
}

/** Due resources of all hosts of a slice: nobody is asked for them, so that this is what a transaction holds. */
const MOST = 2000;

/** Advances what is still fresh among the first due resources of these hosts: looked at, read from the portal and recorded together. */
export async function advanceFresh(hosts: readonly string[], deps: FreshSliceDeps): Promise<LookedAt[]> {
  const { archivals, now } = deps;
  const limit = Math.ceil(MOST / hosts.length);
  const at = now();
  const found = await archivals.dueAndFreshOf(hosts, { now: at, limit });
  const advances = await decideAll(
    [...found.values()].flatMap(({ fresh }) => fresh),
    at,
    deps,
  );
  const advanced = advances.length > 0 ? await recorded(advances, at, deps) : [];
  const ids = new Set(advanced.map(({ fresh }) => fresh.resourceId));
  return hosts.map((host) => lookedAt(found.get(host) ?? { due: 0, fresh: [] }, ids, limit));
}

function lookedAt({ due, fresh }: DueAndFresh, advanced: ReadonlySet<string>, limit: number): LookedAt {
  const left = due - fresh.filter(({ resourceId }) => advanced.has(resourceId)).length;
  return { left, isAll: due < limit };
}

/** What the database refuses as data is left for journeys, each of which finds out whether it is its own. */
async function recorded(
  advances: readonly FreshAdvance[],
  at: Date,
  { advance }: FreshSliceDeps,
): Promise<readonly FreshAdvance[]> {
  try {
    return await advance(advances, at);
  } catch (error) {
    if (codeOf(error) === 'data-refused') return [];
    throw error;
  }
}

/** Those that take no journey. */
async function decideAll(fresh: readonly FreshResource[], at: Date, deps: FreshSliceDeps): Promise<FreshAdvance[]> {
  if (fresh.length === 0) return [];
  const resources = await deps.describe(fresh.map(({ resourceId }) => resourceId));
  const advances = fresh.flatMap((one) => decide(one, resources.get(one.resourceId), at, deps) ?? []);
  const missing = await missingOf(advances, deps);
  return missing.size === 0 ? advances : advances.filter(({ fresh: { resourceId } }) => !missing.has(resourceId));
}

/** null: it is gone from the portal, has another URL or state, or has to be asked for. */
function decide(
  fresh: FreshResource,
  resource: Resource | undefined,
  now: Date,
  { bounds, isRefused, freshUntil, random }: FreshSliceDeps,
): FreshAdvance | null {
  if (!resource || resource.url !== fresh.url || isRefused(resource)) return null;
  if (!isSameState(fresh.code, 'still-fresh')) return null;
  const until = freshUntil(fresh, now);
  if (!until) return null;
  const unchangedCount = fresh.unchangedCount + 1;
  const nextCheckAt = nextFreshCheck({ now, freshUntil: until, unchangedCount, bounds, random: random() });
  return { fresh, datasetId: resource.datasetId, freshUntil: until, nextCheckAt };
}

/** Of a share of them the store is asked for the copy: a file that is never asked for would never be found to be lost. */
async function missingOf(
  advances: readonly FreshAdvance[],
  { isChecked, isMissing }: FreshSliceDeps,
): Promise<ReadonlySet<string>> {
  const checked = advances.filter(({ fresh: { copyId } }) => copyId !== null && isChecked());
  const ids = checked.map(({ fresh }) => fresh.resourceId);
  const missing = await Promise.all(ids.map(isMissing));
  return new Set(ids.filter((_, index) => missing[index]));
}
