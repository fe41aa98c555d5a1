import { derivedKeyAt, keyPrefix } from '../decide/archiveKey.ts';
import { chosenLinks } from '../decide/chooseLinks.ts';
import { copyOf, knownFromUnrecorded, type NewCopy } from '../decide/copyOf.ts';
import { costOf, NO_REQUEST } from '../decide/fetchCost.ts';
import { hostOf } from '../decide/hostOf.ts';
import { nextCheck } from '../decide/nextCheck.ts';
import { nextKnown } from '../decide/nextKnown.ts';
import { ArchiverError } from '../errors.ts';
import type { Retriever } from '../fetch/retrieve/Retriever.ts';
import type { Lease } from '../model/archival.ts';
import type { Attempt } from '../model/attempt.ts';
import type { DataLink } from '../model/dataLink.ts';
import type { HostPlaces } from '../model/hostPlaces.ts';
import type { DerivedFile } from '../model/landing.ts';
import type { Resource } from '../model/resource.ts';
import type { StageRef } from '../model/stage.ts';
import type { UnrecordedCopy, UnrecordedDerived } from '../model/unrecordedCopy.ts';
import type { Landings } from '../record/Landings.ts';
import type { Copies } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { FetchedKeeper } from './fetchedKeeper.ts';

/** What archiving the files behind a page stands on. */
export interface DerivedDeps {
  readonly config: Pick<Config, 'landing' | 'landingMax' | 'maxBytes' | 'minCheckIntervalMs' | 'maxCheckIntervalMs'>;
  readonly records: { readonly landings: Landings; readonly copies: Pick<Copies, 'findByKey'> };
  readonly retriever: Retriever;
  readonly keeper: Pick<FetchedKeeper, 'keep' | 'staging'>;
  /** At the hosts of files that are not the page's. */
  readonly places: HostPlaces;
  /** Whether the portal serves this itself: archiving it would go round in a circle. */
  isOwn(resource: Resource): boolean;
  now(): Date;
}

/** The page that a resource's URL answered with. */
export interface LandingPage {
  readonly lease: Lease;
  readonly resource: Resource;
  readonly attempt: Attempt;
  /** What a worker stored behind it and died before recording. */
  readonly unrecorded: readonly UnrecordedDerived[];
}

/** A new copy that is likely not all of its file; `reason`: a sentence for people. */
export interface Suspect {
  readonly key: string;
  readonly reason: string;
}

/** What came of the links of one page. */
export interface Derivation {
  readonly derived: readonly DerivedFile[];
  readonly copies: readonly NewCopy[];
  /** The copy that `cache_url` may point at: under `best`, of the one file, where it is good. */
  readonly best: NewCopy | null;
  /** Copies of files that end in the middle. */
  readonly suspects: readonly Suspect[];
  /** The first of their next checks. */
  readonly nextCheckAt: Date | null;
  /** What the host of the page was asked beyond the page. */
  readonly requests: number;
  readonly wireBytes: number;
}

/** A host that is busy is left alone for so long. */
const BUSY_MS = 60_000;

/**
 * Archives the files that a page leads to, as the policy says: one after the other, each through the budget of its host,
 * together at most as long as one file may be. Bytes are committed here; the record of the page makes them count. Throws
 * `stopped` when `signal` ends it; what was committed until then is fetched again.
 */
export async function archiveDerived(
  page: LandingPage,
  deps: DerivedDeps,
  signal: AbortSignal,
): Promise<Derivation | null> {
  const { config, records } = deps;
  const foreign = (page.attempt.links ?? []).filter(({ url }) => !deps.isOwn({ ...page.resource, url }));
  const chosen = chosenLinks(foreign, config.landing, config.landingMax);
  if (chosen.length === 0) return null;
  const known = await records.landings.derivedOf(page.resource.id);
  const journey = new DerivedJourney(page, deps);
  for (const [index, link] of chosen.entries()) await journey.visit(link, index, formerOf(link, known), signal);
  return journey.derivation();
}

/** The same file as it was known before; of one that moved, its bytes alone: they are not kept twice. */
function formerOf({ url }: DataLink, known: readonly DerivedFile[]): Partial<DerivedFile> | null {
  const same = known.find((file) => file.url === url);
  if (same) return same;
  const moved = known.find((file) => nameOf(file.url) === nameOf(url));
  return moved ? { known: moved.known, copyKey: moved.copyKey } : null;
}

const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

/** One page's files, one after the other. */
class DerivedJourney {
  readonly #page: LandingPage;
  readonly #deps: DerivedDeps;
  readonly #derived: DerivedFile[] = [];
  readonly #copies: NewCopy[] = [];
  readonly #suspects: Suspect[] = [];
  #bytesLeft: number;
  #requests = 0;
  #wireBytes = 0;

  constructor(page: LandingPage, deps: DerivedDeps) {
    this.#page = page;
    this.#deps = deps;
    this.#bytesLeft = deps.config.maxBytes;
  }

  async visit(link: DataLink, index: number, before: Partial<DerivedFile> | null, signal: AbortSignal): Promise<void> {
    const { lease, resource } = this.#page;
    const now = this.#deps.now();
    const unchecked = { code: null, reason: null, checkedAt: null, nextCheckAt: now, unchangedCount: 0 };
    const file: DerivedFile = { ...unchecked, known: null, copyKey: null, ...before, ...link, resourceId: resource.id };
    const isDue = lease.requested || file.nextCheckAt === null || file.nextCheckAt <= now;
    if (!isDue || this.#bytesLeft <= 0) {
      this.#keep(file);
      return;
    }
    const unrecorded = this.#page.unrecorded.find((one) => one.index === index)?.copy ?? null;
    const known = unrecorded ? knownFromUnrecorded(unrecorded, link.url, now) : file.known;
    const fetch = () => this.#retrieve({ ...file, known }, index, signal);
    const retrieve = () => this.#deps.keeper.staging(link.url, fetch);
    const attempt = await this.#atHost(hostOf(link.url), signal, retrieve);
    const isBusy = !attempt || attempt.deferredMs !== undefined;
    this.#keep(
      isBusy ? { ...file, nextCheckAt: new Date(now.getTime() + BUSY_MS) } : this.#recorded(file, attempt, unrecorded),
    );
  }

  async derivation(): Promise<Derivation> {
    const checks = this.#derived.flatMap(({ nextCheckAt }) => nextCheckAt?.getTime() ?? []);
    return {
      derived: this.#derived,
      copies: this.#copies,
      best: await this.#best(),
      suspects: this.#suspects,
      nextCheckAt: checks.length === 0 ? null : new Date(Math.min(...checks)),
      requests: this.#requests,
      wireBytes: this.#wireBytes,
    };
  }

  #keep(file: DerivedFile): void {
    this.#bytesLeft -= file.known?.bytes ?? 0;
    this.#derived.push(file);
  }

  /** The page's own slot serves its host; any other host is asked only when it has one free. */
  async #atHost(host: string, signal: AbortSignal, retrieve: () => Promise<Attempt | null>): Promise<Attempt | null> {
    if (host === hostOf(this.#page.resource.url)) {
      const attempt = await retrieve();
      const cost = attempt ? costOf(attempt) : NO_REQUEST;
      this.#requests += cost.requests;
      this.#wireBytes += cost.bytes;
      return attempt;
    }
    const entrance = await this.#deps.places.enter(host, hostOf(this.#page.resource.url), signal);
    if (entrance.kind === 'busy') return null;
    let attempt: Attempt | null = null;
    try {
      attempt = await retrieve();
      return attempt;
    } finally {
      entrance.place.leave(attempt ? costOf(attempt) : NO_REQUEST);
    }
  }

  /** null: its key is taken, which the next check avoids. */
  async #retrieve(file: DerivedFile, index: number, signal: AbortSignal): Promise<Attempt | null> {
    const { lease, resource } = this.#page;
    const { retriever, now } = this.#deps;
    const keyAt = derivedKeyAt(lease.keyAt, index);
    const attempt = await retriever.retrieve(
      {
        url: file.url,
        mode: lease.requested ? 'demand' : 'sweep',
        known: file.known,
        declaredFormat: file.format,
        resourceName: resource.name,
        isPrivate: resource.isPrivate ?? false,
        now: now().getTime(),
        keyPrefix: keyPrefix(keyAt, resource.id),
        maxBytes: this.#bytesLeft,
      },
      signal,
    );
    const { stage } = attempt;
    if (stage && (signal.aborted || (await this.#commit(stage, signal)) !== 'committed')) {
      await retriever.discard(stage);
      if (!signal.aborted) return null;
    }
    if (signal.aborted) throw new ArchiverError('stopped', `The archival of resource ${resource.id} was interrupted.`);
    return attempt;
  }

  /** Kept while the store refuses it; dropped when it is given up. */
  async #commit(stage: StageRef, signal: AbortSignal): Promise<'committed' | 'exists'> {
    const { retriever, keeper } = this.#deps;
    const fetched = { resourceId: this.#page.resource.id, bytes: stage.bytes };
    try {
      return await keeper.keep(fetched, signal, () => retriever.commit(stage));
    } catch (error) {
      await retriever.discard(stage).catch(() => undefined);
      throw error;
    }
  }

  #recorded(file: DerivedFile, attempt: Attempt, unrecorded: UnrecordedCopy | null): DerivedFile {
    const now = this.#deps.now();
    const copy = copyOf(attempt, unrecorded, this.#page.resource, now);
    if (copy) this.#copies.push(copy);
    if (copy && attempt.suspect) this.#suspects.push({ key: copy.key, reason: attempt.suspect });
    const isGood = attempt.kind === 'fetched' || attempt.kind === 'unchanged';
    const unchangedCount = attempt.kind === 'unchanged' ? file.unchangedCount + 1 : 0;
    return {
      ...file,
      code: attempt.code,
      reason: attempt.reason,
      checkedAt: now,
      unchangedCount,
      known: nextKnown(file.known, attempt, file.url, now),
      copyKey: copy?.key ?? file.copyKey,
      nextCheckAt: nextCheck({
        now,
        freshUntil: attempt.freshUntil === null ? null : new Date(attempt.freshUntil),
        failureCount: isGood ? 0 : 1,
        unchangedCount,
        bounds: this.#deps.config,
        random: Math.random(),
      }),
    };
  }

  async #best(): Promise<NewCopy | null> {
    const [file, ...others] = this.#derived;
    if (this.#deps.config.landing !== 'best' || !file?.copyKey || others.length > 0) return null;
    const [copy] = this.#copies;
    return copy ?? (await this.#deps.records.copies.findByKey(file.copyKey));
  }
}
