import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Resource } from '../model/resource.ts';
import type { Catalog } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';
import type { DatasetWords } from '../record/ReportedLinks.ts';

/** What the portal says of resources, and where it is kept. */
export interface CatalogueWordsDeps {
  readonly catalog: Pick<Catalog, 'getDataset' | 'describeDataset' | 'describeDatasets' | 'listOrganisations'>;
  readonly reports: Pick<Records['reports'], 'note' | 'noteOrganisations' | 'datasetsUnnoted'>;
  /** Absolute URL of the portal. */
  readonly site: string;
  readonly logger: Pick<Logger, 'warn'>;
}

/** A save is about so few datasets; where more are to be asked for one by one, only those are that are not known yet. */
const FEW = 25;
const READS_AT_A_TIME = 5;

/**
 * Keeps in our tables whose resources are, what they are called and where the portal shows them: a report over a million of them cannot
 * ask the portal. Reports alone live on it, so that what goes wrong is logged and holds nothing up; the next sweep does it again.
 */
export class CatalogueWords {
  readonly #deps: CatalogueWordsDeps;
  /** Those of which it was asked what they are a part of. */
  readonly #listed = new Set<string>();

  constructor(deps: CatalogueWordsDeps) {
    this.#deps = deps;
  }

  /** Of resources that have an archival. With an organisation that is new, what all are a part of is read. */
  async note(resources: readonly Resource[]): Promise<void> {
    if (resources.length === 0) return;
    await this.#guard(async () => {
      const ids = [...new Set(resources.map(({ datasetId }) => datasetId))];
      await this.#deps.reports.note({ resources, datasets: await this.#datasets(ids) }, this.#deps.site);
    });
    const owners = resources.flatMap(({ organisation }) => organisation?.id ?? []);
    if (owners.every((id) => this.#listed.has(id))) return;
    for (const id of owners) this.#listed.add(id);
    await this.noteOrganisations();
  }

  /** All of the portal, where it can list them. */
  async noteOrganisations(): Promise<void> {
    const { catalog, reports } = this.#deps;
    await this.#guard(async () => {
      const organisations = await catalog.listOrganisations?.();
      if (!organisations) return;
      for (const { id } of organisations) this.#listed.add(id);
      await reports.noteOrganisations(organisations);
    });
  }

  async #datasets(ids: readonly string[]): Promise<readonly DatasetWords[]> {
    const { catalog, reports } = this.#deps;
    if (catalog.describeDatasets) return catalog.describeDatasets(ids);
    const wanted = ids.length <= FEW ? ids : await reports.datasetsUnnoted(ids);
    const found: DatasetWords[] = [];
    for (let from = 0; from < wanted.length; from += READS_AT_A_TIME) {
      const some = wanted.slice(from, from + READS_AT_A_TIME);
      const read = await Promise.all(some.map((id) => catalog.describeDataset?.(id) ?? catalog.getDataset(id)));
      found.push(...read.filter((dataset) => dataset !== null));
    }
    return found;
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const message = 'what the portal says of resources could not be noted; reports show it after the next sweep';
      this.#deps.logger.warn({ error: messageOf(error) }, message);
    }
  }
}
