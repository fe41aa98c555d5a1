import type { JobQueue } from '../job/JobQueue.ts';
import type { Resource } from '../model/resource.ts';
import type { Catalog, Logger } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';

export interface SweepEdges {
  readonly catalog: Pick<Catalog, 'listResources' | 'getResource'>;
  readonly records: Pick<Records, 'archivals' | 'runs' | 'leases'>;
  readonly queue: Pick<JobQueue, 'add'>;
  hostOf(url: string): string;
  now(): Date;
  readonly owner: string;
  readonly logger: Logger;
}

export interface Swept {
  readonly missing: number;
  readonly changed: number;
  readonly due: number;
  readonly hosts: number;
}

const LEASE = 'sweep';
const LEASE_MS = 60_000;
const PAGE = 1000;
const HOSTS = 10_000;

/**
 * The search for what is due, and for saves that no hook reported. One winner among all processes; it goes through the
 * catalogue by pages and starts again where the last one stopped. It alone is enough to be correct.
 */
export class Sweep {
  readonly #edges: SweepEdges;

  constructor(edges: SweepEdges) {
    this.#edges = edges;
  }

  /** null: another process sweeps. */
  async run(): Promise<Swept | null> {
    const { records, owner, now, logger } = this.#edges;
    if (!(await records.leases.acquire(LEASE, owner, LEASE_MS, now()))) return null;
    try {
      const { missing, changed } = await this.#reconcile();
      const hosts = await this.#enqueueHosts();
      const { due } = await records.archivals.backlog(now());
      if (missing + changed + hosts > 0) logger.info({ missing, changed, due, hosts }, 'swept');
      return { missing, changed, due, hosts };
    } finally {
      await records.leases.release(LEASE, owner);
    }
  }

  /** What a sweep would do, doing nothing. */
  async plan(): Promise<Swept> {
    const { catalog, records, now } = this.#edges;
    let missing = 0;
    let changed = 0;
    for (let after: string | null = null; ; ) {
      const page: readonly Resource[] = await catalog.listResources({ after, limit: PAGE });
      if (page.length === 0) break;
      const counted = await this.#differing(page);
      missing += counted.missing.length;
      changed += counted.changed.length;
      after = page.at(-1)?.id ?? null;
    }
    const { due } = await records.archivals.backlog(now());
    return { missing, changed, due, hosts: (await records.archivals.dueHosts(now(), HOSTS)).length };
  }

  async #reconcile(): Promise<{ missing: number; changed: number }> {
    const { catalog, records, owner, now } = this.#edges;
    let missing = 0;
    let changed = 0;
    let after = await records.leases.readCursor(LEASE);
    for (;;) {
      const page: readonly Resource[] = await catalog.listResources({ after, limit: PAGE });
      after = page.length === 0 ? null : (page.at(-1)?.id ?? null);
      const found = await this.#differing(page);
      const wanted = [...found.missing, ...found.changed];
      await this.#request(wanted);
      missing += found.missing.length;
      changed += found.changed.length;
      await records.leases.writeCursor(LEASE, after);
      if (after === null || !(await records.leases.acquire(LEASE, owner, LEASE_MS, now()))) return { missing, changed };
    }
  }

  async #request(resources: readonly Resource[]): Promise<void> {
    const { records, hostOf, now } = this.#edges;
    const wishes = resources.map(({ id, datasetId, url }) => ({ resourceId: id, datasetId, url, host: hostOf(url) }));
    await records.archivals.request(wishes, { lane: 'bulk', runId: null, now: now() });
  }

  async #differing(page: readonly Resource[]): Promise<{ missing: Resource[]; changed: Resource[] }> {
    const { archivals } = this.#edges.records;
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
    const { records, queue, now } = this.#edges;
    const hosts = await records.archivals.dueHosts(now(), HOSTS);
    await queue.add(hosts.map(({ host }) => ({ kind: 'host', host })));
    return hosts.length;
  }
}
