import type { Archive } from 'portal-archiver';
import { readList, readSearch } from './actionInput.ts';
import type { Catalogue, Dataset, ResourceRow } from './catalogue.ts';
import { type Input, readDataset, readNewId, readReference, readResource } from './fields.ts';
import { NotAuthorized, NotFound } from './refusals.ts';
import type { Role } from './sessions.ts';
import { datasetView, resourceView, taskStatusView } from './views.ts';

const ALL = { text: '', start: 0, rows: 1_000_000 };

/** What CKAN's actions do with this portal's catalogue; each method is the action of that name. */
export class PortalActions {
  readonly #catalogue: Catalogue;
  readonly #archive: Archive;

  constructor(catalogue: Catalogue, archive: Archive) {
    this.#catalogue = catalogue;
    this.#archive = archive;
  }

  async packageList() {
    const { results } = await this.#catalogue.search({ ...ALL, order: 'name asc, id asc', withPrivate: false });
    return results.map(({ name }) => name);
  }

  async packageSearch(input: Input, role: Role) {
    const { sort, ...query } = readSearch(input, role);
    const { count, results } = await this.#catalogue.search(query);
    return {
      count,
      sort,
      results: await Promise.all(results.map((one) => this.#showDataset(one))),
      facets: {},
      search_facets: {},
    };
  }

  async packageShow(input: Input, role: Role) {
    return this.#showDataset(await this.#datasetFor(input, role));
  }

  async resourceShow(input: Input, role: Role) {
    return this.#showResource((await this.#resourceFor(input, role)).id);
  }

  async taskStatusShow(input: Input, role: Role) {
    const status = await this.#findTaskStatus(input);
    // Whose status is looked for by its entity is told what is wrong with that.
    const id = status?.entityId ?? input.entity_id;
    if (id !== undefined) await this.#resourceFor({ id }, role);
    if (!status) throw new NotFound('Not found');
    return taskStatusView(status);
  }

  async packageCreate(input: Input) {
    const [id, fields, resources] = [readNewId(input), readDataset(input), readList(input.resources)];
    resources.map(readResource);
    await this.#catalogue.createDataset(id, fields);
    for (const resource of resources)
      await this.#catalogue.createResource(readNewId(resource), id, readResource(resource));
    return this.#showDataset(await this.#datasetFor({ id }, 'editor'));
  }

  async packageUpdate(input: Input, role: Role) {
    const dataset = await this.#datasetFor(typeof input.id === 'string' ? input : { id: input.name }, role);
    return this.#saveDataset(dataset, { ...input, resources: input.resources ?? [] });
  }

  async packagePatch(input: Input, role: Role) {
    const { resources: _, ...current } = await this.#datasetFor(input, role);
    return this.#saveDataset({ ...current, resources: _ }, { ...current, ...input });
  }

  async packageDelete(input: Input, role: Role) {
    await this.#catalogue.deleteDataset((await this.#datasetFor(input, role)).id);
    return null;
  }

  async resourceCreate(input: Input, role: Role) {
    const dataset = await this.#datasetFor(input, role, 'package_id');
    const [id, fields] = [readNewId(input), readResource(input)];
    await this.#catalogue.createResource(id, dataset.id, fields);
    return this.#showResource(id);
  }

  async resourceUpdate(input: Input, role: Role) {
    const { id, package_id } = await this.#resourceFor(input, role);
    await this.#catalogue.updateResource(id, package_id, readResource(input));
    return this.#showResource(id);
  }

  async resourcePatch(input: Input, role: Role) {
    const current = await this.#resourceFor(input, role);
    await this.#catalogue.updateResource(current.id, current.package_id, readResource({ ...current, ...input }));
    return this.#showResource(current.id);
  }

  async resourceDelete(input: Input, role: Role) {
    const { id, package_id } = await this.#resourceFor(input, role);
    await this.#catalogue.deleteResource(id, package_id);
    return null;
  }

  async #datasetFor(input: Input, role: Role, field = 'id'): Promise<Dataset> {
    const dataset = await this.#catalogue.dataset(readReference(input, field));
    if (!dataset) throw new NotFound('Not found');
    if (dataset.private && role === 'anonymous') throw new NotAuthorized('User not authorized to read the dataset');
    return dataset;
  }

  async #resourceFor(input: Input, role: Role, field = 'id'): Promise<ResourceRow> {
    const resource = await this.#catalogue.resource(readReference(input, field));
    if (!resource) throw new NotFound('Resource was not found.');
    await this.#datasetFor({ id: resource.package_id }, role);
    return resource;
  }

  async #showDataset(dataset: Dataset) {
    return datasetView(dataset, await this.#archive.archiverBlocks(dataset.resources.map(({ id }) => id)));
  }

  async #showResource(id: string) {
    const resource = await this.#catalogue.resource(id);
    if (!resource) throw new NotFound('Resource was not found.');
    return resourceView(resource, (await this.#archive.archiverBlocks([id])).get(id) ?? null);
  }

  /** By its own id, or by the entity, the type and the key that make it unique. */
  async #findTaskStatus(input: Input) {
    if (input.id !== undefined) return this.#archive.taskStatus({ id: readReference(input) });
    const entityId = readReference(input, 'entity_id');
    const isOurs = (input.task_type ?? 'archiver') === 'archiver' && (input.key ?? 'status') === 'status';
    return isOurs ? this.#archive.taskStatus({ resourceId: entityId }) : null;
  }

  /** Replaces the resources of a dataset by those given: known ids are updated, others are new, the rest go. */
  async #saveResources(dataset: Dataset, given: unknown): Promise<void> {
    const inputs = readList(given);
    const known = new Set(dataset.resources.map(({ id }) => id));
    const kept = new Set(inputs.map(({ id }) => id));
    for (const { id } of dataset.resources) if (!kept.has(id)) await this.#catalogue.deleteResource(id, dataset.id);
    for (const input of inputs) {
      if (typeof input.id === 'string' && known.has(input.id))
        await this.#catalogue.updateResource(input.id, dataset.id, readResource(input));
      else await this.#catalogue.createResource(readNewId(input), dataset.id, readResource(input));
    }
  }

  async #saveDataset(dataset: Dataset, input: Input) {
    const fields = readDataset(input);
    readList(input.resources).map(readResource);
    await this.#catalogue.updateDataset(dataset.id, fields);
    if (input.resources !== undefined) await this.#saveResources(dataset, input.resources);
    return this.#showDataset(await this.#datasetFor({ id: dataset.id }, 'editor'));
  }
}
