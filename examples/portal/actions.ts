import type { Archiver } from 'portal-archiver';
import type { Catalogue, Dataset, ResourceRow } from './catalogue.ts';
import { type Input, readDataset, readNewId, readReference, readResource, ValidationError } from './fields.ts';
import type { Role } from './sessions.ts';
import { datasetView, resourceView, taskStatusView } from './views.ts';

/** CKAN answers it with 404. */
export class NotFound extends Error {}
/** CKAN answers it with 403. */
export class NotAuthorized extends Error {}

/** One of CKAN's actions, as its API runs it. */
export interface Action {
  /** Reads answer a GET too. */
  readonly isRead: boolean;
  run(input: Input, role: Role): Promise<unknown>;
}

/** By CKAN's names; how well a text fits is nothing that this portal can tell. */
const SORTABLE: Readonly<Record<string, string | null>> = {
  id: 'id',
  name: 'name',
  title: 'title',
  title_string: 'title',
  metadata_created: 'metadata_created',
  metadata_modified: 'metadata_modified',
  score: null,
};
const MOST_ROWS = 1000;

/** The actions of CKAN's API that an archive has to do with. */
export function createActions(catalogue: Catalogue, archiver: Archiver): Readonly<Record<string, Action>> {
  const { archive } = archiver;

  async function datasetFor(input: Input, role: Role, field = 'id'): Promise<Dataset> {
    const dataset = await catalogue.dataset(readReference(input, field));
    if (!dataset) throw new NotFound('Not found');
    if (dataset.private && role === 'anonymous') throw new NotAuthorized('User not authorized to read the dataset');
    return dataset;
  }

  async function resourceFor(input: Input, role: Role, field = 'id'): Promise<ResourceRow> {
    const resource = await catalogue.resource(readReference(input, field));
    if (!resource) throw new NotFound('Resource was not found.');
    await datasetFor({ id: resource.package_id }, role);
    return resource;
  }

  async function showDataset(dataset: Dataset) {
    return datasetView(dataset, await archive.status(dataset.resources.map(({ id }) => id)));
  }

  async function showResource(id: string) {
    const resource = await catalogue.resource(id);
    if (!resource) throw new NotFound('Resource was not found.');
    return resourceView(resource, (await archive.status([id]))[0] ?? null);
  }

  /** By its own id, or by the entity, the type and the key that make it unique. */
  async function findTaskStatus(input: Input) {
    if (input.id !== undefined) return archive.taskStatus({ id: readReference(input) });
    const entityId = readReference(input, 'entity_id');
    const isOurs = (input.task_type ?? 'archiver') === 'archiver' && (input.key ?? 'status') === 'status';
    return isOurs ? archive.taskStatus({ resourceId: entityId }) : null;
  }

  /** Replaces the resources of a dataset by those given: known ids are updated, others are new, the rest go. */
  async function saveResources(dataset: Dataset, given: unknown): Promise<void> {
    const inputs = readList(given);
    const known = new Set(dataset.resources.map(({ id }) => id));
    const kept = new Set(inputs.map(({ id }) => id));
    for (const { id } of dataset.resources) if (!kept.has(id)) await catalogue.deleteResource(id, dataset.id);
    for (const input of inputs) {
      if (typeof input.id === 'string' && known.has(input.id))
        await catalogue.updateResource(input.id, dataset.id, readResource(input));
      else await catalogue.createResource(readNewId(input), dataset.id, readResource(input));
    }
  }

  async function saveDataset(dataset: Dataset, input: Input) {
    const fields = readDataset(input);
    readList(input.resources).map(readResource);
    await catalogue.updateDataset(dataset.id, fields);
    if (input.resources !== undefined) await saveResources(dataset, input.resources);
    return showDataset(await datasetFor({ id: dataset.id }, 'editor'));
  }

  return {
    status_show: read(async () => ({ site_title: 'Example portal', extensions: ['portal-archiver'] })),
    package_list: read(async () => {
      const { results } = await catalogue.search({ ...ALL, order: 'name asc, id asc', withPrivate: false });
      return results.map(({ name }) => name);
    }),
    package_search: read(async (input, role) => {
      const { sort, ...query } = readSearch(input, role);
      const { count, results } = await catalogue.search(query);
      return { count, sort, results: await Promise.all(results.map(showDataset)), facets: {}, search_facets: {} };
    }),
    package_show: read(async (input, role) => showDataset(await datasetFor(input, role))),
    resource_show: read(async (input, role) => showResource((await resourceFor(input, role)).id)),
    task_status_show: read(async (input, role) => {
      const status = await findTaskStatus(input);
      // Whose status is looked for by its entity is told what is wrong with that.
      const id = status?.entityId ?? input.entity_id;
      if (id !== undefined) await resourceFor({ id }, role);
      if (!status) throw new NotFound('Not found');
      return taskStatusView(status);
    }),

    package_create: write(async (input) => {
      const [id, fields, resources] = [readNewId(input), readDataset(input), readList(input.resources)];
      resources.map(readResource);
      await catalogue.createDataset(id, fields);
      for (const resource of resources) await catalogue.createResource(readNewId(resource), id, readResource(resource));
      return showDataset(await datasetFor({ id }, 'editor'));
    }),
    package_update: write(async (input, role) => {
      const dataset = await datasetFor(typeof input.id === 'string' ? input : { id: input.name }, role);
      return saveDataset(dataset, { ...input, resources: input.resources ?? [] });
    }),
    package_patch: write(async (input, role) => {
      const { resources: _, ...current } = await datasetFor(input, role);
      return saveDataset({ ...current, resources: _ }, { ...current, ...input });
    }),
    package_delete: write(async (input, role) => {
      await catalogue.deleteDataset((await datasetFor(input, role)).id);
      return null;
    }),
    resource_create: write(async (input, role) => {
      const dataset = await datasetFor(input, role, 'package_id');
      const [id, fields] = [readNewId(input), readResource(input)];
      await catalogue.createResource(id, dataset.id, fields);
      return showResource(id);
    }),
    resource_update: write(async (input, role) => {
      const { id, package_id } = await resourceFor(input, role);
      await catalogue.updateResource(id, package_id, readResource(input));
      return showResource(id);
    }),
    resource_patch: write(async (input, role) => {
      const current = await resourceFor(input, role);
      await catalogue.updateResource(current.id, current.package_id, readResource({ ...current, ...input }));
      return showResource(current.id);
    }),
    resource_delete: write(async (input, role) => {
      const { id, package_id } = await resourceFor(input, role);
      await catalogue.deleteResource(id, package_id);
      return null;
    }),
  };
}

const read = (run: Action['run']): Action => ({ isRead: true, run });

const write = (run: Action['run']): Action => ({
  isRead: false,
  run: async (input, role) => {
    if (role === 'anonymous') throw new NotAuthorized('Give the token of an editor or administrator in Authorization.');
    return run(input, role);
  },
});

const ALL = { text: '', start: 0, rows: 1_000_000 };

function readSearch(input: Input, role: Role) {
  const sort = String(input.sort ?? 'metadata_modified desc');
  const text = String(input.q ?? '');
  return {
    sort,
    order: orderOf(sort),
    text: text === '*:*' ? '' : text,
    start: readCount(input, 'start', 0),
    rows: Math.min(readCount(input, 'rows', 10), MOST_ROWS),
    withPrivate: role !== 'anonymous' && String(input.include_private ?? '').toLowerCase() === 'true',
  };
}

/** `name asc, metadata_modified desc`, as SQL has it too; ids make the order the same on every page. */
function orderOf(sort: string): string {
  const terms = sort.split(',').map((term) => {
    const [, field = '', direction = 'asc'] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(term) ?? [];
    const column = Object.hasOwn(SORTABLE, field) ? SORTABLE[field] : undefined;
    if (column !== undefined) return column === null ? [] : [`${column} ${direction}`];
    const fields = Object.keys(SORTABLE).join(', ');
    throw new ValidationError({ sort: [`Must be fields with asc or desc, separated by commas; fields: ${fields}.`] });
  });
  return [...terms.flat(), 'id asc'].join(', ');
}

function readCount(input: Input, field: string, fallback: number): number {
  const count = Number(input[field] ?? fallback);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new ValidationError({ [field]: ['Must be a whole number, 0 or more.'] });
}

function readList(given: unknown): readonly Input[] {
  if (given === undefined || given === null) return [];
  const isList = Array.isArray(given) && given.every((one) => typeof one === 'object' && one !== null);
  if (!isList) throw new ValidationError({ resources: ['Must be a list of resources.'] });
  return given;
}
