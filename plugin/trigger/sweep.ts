import { hostOf } from '../decide/hostOf.ts';
import { requestOf } from '../decide/requestOf.ts';
import type { JobQueue } from '../job/JobQueue.ts';
import type { Logger } from '../model/logger.ts';
import type { Resource } from '../model/resource.ts';
import type { Catalog } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';
import type { CatalogueWords } from './catalogueWords.ts';
import { pages } from './pages.ts';
import { requestPage } from './requestPage.ts';
import type { SweepReport } from './SweepReport.ts';

/** What a sweep reads and writes. `owner` names this process in its leases. */
export interface SweepDeps {
  readonly catalog: Pick<Catalog, 'listResources' | 'getResource'>;
  readonly records: Pick<Records, 'archivals' | 'histories' | 'runs' | 'leases'>;
  readonly queue: Pick<JobQueue, 'add'>;
  /** Told of every resource of the portal; left out: reports do without the portal's words. */
  readonly words?: Pick<CatalogueWords, 'note' | 'noteOrganisations'>;
  now(): Date;
  /** How long runs that ended are kept. */
  readonly runsKeptMs: number;
  readonly owner: string;
  readonly logger: Logger;
}

/** What a sweep found: resources, and hosts at which something is due. */
export interface Swept {
  readonly runId: string;
  readonly missing: number;
  readonly changed: number;
  readonly due: number;
  readonly hosts: number;
}

/** What a sweep would find, and what asking for it, or for everything, would cost. */
export interface SweepPlan extends Omit<Swept, 'runId'> {
  readonly bytes: number;
  readonly fullRequests: number;
  readonly fullBytes: number;
  readonly fullHosts: number;
}

const NOTHING_FOUND = { runId: null, missing: 0, changed: 0, due: 0, hosts: 0 };
const NO_COST = { bytes: null, fullRequests: null, fullBytes: null, fullHosts: null };

const LEASE = 'sweep';
const LEASE_MS = 60_000;
const PAGE = 1000;
const HOSTS = 10_000;
/** No process counts a run over everything for so long. */
const ABANDONED_MS = 15 * 60_000;
/** Sums of single hosts are shown for 90 days. */
const HOST_DAYS_KEPT_MS = 100 * 24 * 3_600_000;

/**
 * The search for what is due, and for saves that no hook reported. One winner among all processes; it goes through the
 * catalogue by pages and starts again where the last one stopped. It alone is enough to be correct. Each sweep is a run.
 */
export class Sweep {
  readonly #deps: SweepDeps;

  constructor(deps: SweepDeps) {
    this.#deps = deps;
  }

  /** null: another process sweeps. */
  async run(): Promise<Swept | null> {
    const { records, owner, now } = this.#deps;
    if (!(await records.leases.acquire(LEASE, owner, LEASE_MS, now()))) return null;
    try {
      return await this.#sweep(now());
    } finally {
      await records.leases.release(LEASE, owner);
    }
  }

  /** A sweep, or in a dry run its plan, in one shape for every caller. */
  async report({ dryRun }: { readonly dryRun: boolean }): Promise<SweepReport> {
    if (dryRun) return { runId: null, ...(await this.plan()) };
    return { ...NOTHING_FOUND, ...(await this.run()), ...NO_COST };
  }

  /** What a sweep would do, doing nothing. */
  async plan(): Promise<SweepPlan> {
    const { catalog, records, now } = this.#deps;
    let missing = 0;
    let changed = 0;
    const unseenHosts = new Set<string>();
    for await (const page of pages((after) => catalog.listResources({ after, limit: PAGE }))) {
      const counted = await this.#differing(page);
      missing += counted.missing.length;
      changed += counted.changed.length;
      for (const { url } of [...counted.missing, ...counted.changed]) unseenHosts.add(hostOf(url));
    }
    const { due, all } = await records.archivals.cost(now());
    const dueHosts = await records.archivals.dueHosts(now(), HOSTS);
    // A text that is no URL has no host.
    const hosts = new Set([...unseenHosts, ...dueHosts.map(({ host }) => host)].filter(Boolean)).size;
    return {
      missing,
      changed,
      hosts,
      due: due.requests,
      bytes: due.bytes,
      fullRequests: all.requests + missing,
      fullBytes: all.bytes,
      fullHosts: Math.max(all.hosts, hosts),
    };
  }

  async #sweep(at: Date): Promise<Swept> {
    const { records, logger } = this.#deps;
    await records.runs.endSweeps(at);
    await records.runs.countAbandoned(new Date(at.getTime() - ABANDONED_MS), at);
    await records.runs.dropEndedBefore(new Date(at.getTime() - this.#deps.runsKeptMs), at);
    await records.histories.dropHostDaysBefore(new Date(at.getTime() - HOST_DAYS_KEPT_MS));
    const { run } = await records.runs.create(
      { kind: 'sweep', lane: 'bulk', subjectId: null, datasetId: null, total: null },
      { caller: null, idempotencyKey: null, now: at },
    );
    const { missing, changed } = await this.#reconcile(at);
    const due = await records.runs.countSweep(run.id);
    await records.runs.endSweeps(at);
    const hosts = await this.#enqueueHosts();
    if (missing + changed + hosts > 0) logger.info({ runId: run.id, missing, changed, due, hosts }, 'swept');
    return { runId: run.id, missing, changed, due, hosts };
  }

  async #reconcile(at: Date): Promise<{ missing: number; changed: number }> {
    const { catalog, records, words, owner, now } = this.#deps;
    let missing = 0;
    let changed = 0;
    await words?.noteOrganisations();
    const start = await records.leases.readCursor(LEASE);
    // What is said of one page is noted while the next is compared.
    let noted: Promise<void> | undefined;
    try {
      for await (const page of pages((after) => catalog.listResources({ after, limit: PAGE }), start)) {
        const found = await this.#differing(page);
        await this.#request([...found.missing, ...found.changed], at);
        await noted;
        noted = words?.note(page);
        missing += found.missing.length;
        changed += found.changed.length;
        await records.leases.writeCursor(LEASE, page.at(-1)?.id ?? null);
        if (!(await records.leases.acquire(LEASE, owner, LEASE_MS, now()))) return { missing, changed };
      }
    } finally {
      await noted;
    }
    await records.leases.writeCursor(LEASE, null);
    return { missing, changed };
  }

  async #request(resources: readonly Resource[], at: Date): Promise<void> {
    const { records, logger } = this.#deps;
    const how = { lane: 'bulk', runId: null, now: at } as const;
    await requestPage(resources.map(requestOf), how, { archivals: records.archivals, logger });
  }

  async #differing(page: readonly Resource[]): Promise<{ missing: Resource[]; changed: Resource[] }> {
    const { archivals } = this.#deps.records;
    const ids = await archivals.differing(page.map(({ id, url }) => ({ id, url })));
    const differing = page.filter(({ id }) => ids.has(id));
    const known = new Set((await archivals.getMany(differing.map(({ id }) => id))).map(({ resourceId }) => resourceId));
    return {
      missing: differing.filter(({ id }) => !known.has(id)),
      changed: differing.filter(({ id }) => known.has(id)),
    };
  }

  /** One job a host: it takes its share of what is due, keeps to the host's limits and comes back by itself. */
  async #enqueueHosts(): Promise<number> {
    const { records, queue, now } = this.#deps;
    const hosts = await records.archivals.dueHosts(now(), HOSTS);
    await queue.add(hosts.map(({ host }) => ({ kind: 'host', host })));
    return hosts.length;
  }
}
