import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Dataset, Organisation, Resource } from '../model/resource.ts';
import type { Catalog } from '../portal/Portal.ts';
import type { CatalogCheck, CatalogUnderTest } from './PortalUnderTest.ts';

/** What holds of reading datasets and resources. */
export const CATALOG_READ_CHECKS: Readonly<Record<string, CatalogCheck>> = {
  'answers each resource by its id, as plain data': answersResources,
  'does not know what was deleted or never existed': answersMissing,
  'answers several resources together, each once, and leaves out what is not there': answersTogether,
  'answers a dataset by its id and by its name, with its resources': answersDatasets,
  'describes a dataset without its resources, where it can do so': describesDatasets,
  'describes several datasets together, and leaves out what is not there, where it can do so': describesTogether,
  'lists the resources of a dataset by pages, where it can do so': listsDatasets,
  'lists every resource once, whatever the size of the page': listsPages,
  'ends a list with an empty page': endsList,
  'lists the resources of a page as it answers them one by one': listsSame,
  'says the same of a resource and of its dataset: whose they are': saysWhose,
  'names whom to write to about each dataset, and nobody for what is not there, where it can do so': namesContacts,
  'lists every organisation, with the one that it is a part of, where it can do so': listsOrganisations,
};

/** A text that cannot be an id is unknown like any other: a request may carry it. */
export async function checkUnknownId({ catalog }: CatalogUnderTest, id: string): Promise<void> {
  assert.equal(await catalog.getResource(id), null);
  assert.equal(await catalog.getDataset(id), null);
  if (catalog.getResources) assert.deepEqual(await catalog.getResources([id]), []);
  if (catalog.describeDataset) assert.equal(await catalog.describeDataset(id), null);
  if (catalog.listDatasetResources)
    assert.deepEqual(await catalog.listDatasetResources(id, { after: null, limit: 1 }), []);
}

async function answersResources({ catalog, datasets }: CatalogUnderTest): Promise<void> {
  const resources = resourcesOf(datasets);
  assert.ok(datasets.length >= 2 && resources.length >= 3, 'the suite needs two datasets and three resources');
  for (const resource of resources) {
    const found = await catalog.getResource(resource.id);
    assert.deepEqual(found, resource);
    // Resources cross threads.
    assert.deepEqual(structuredClone(found), resource);
  }
}

async function answersMissing({ catalog, missingIds }: CatalogUnderTest): Promise<void> {
  for (const id of missingIds) assert.equal(await catalog.getResource(id), null, id);
}

async function answersTogether(
  { catalog, datasets, missingIds }: CatalogUnderTest,
  context: TestContext,
): Promise<void> {
  if (!catalog.getResources) return context.skip('it has no getResources');
  const resources = resourcesOf(datasets);
  const ids = resources.map(({ id }) => id);
  const found = await catalog.getResources([...ids, ...missingIds, ...ids.slice(0, 1)]);
  assert.deepEqual(byId(found), byId(resources));
  assert.deepEqual(await catalog.getResources([]), []);
}

async function answersDatasets({ catalog, datasets }: CatalogUnderTest): Promise<void> {
  for (const dataset of datasets) {
    for (const idOrName of [dataset.id, dataset.name]) {
      const found = await catalog.getDataset(idOrName);
      assert.ok(found, idOrName);
      assert.deepEqual(
        { ...found, resources: byId(found.resources) },
        { ...dataset, resources: byId(dataset.resources) },
      );
    }
  }
}

async function describesDatasets({ catalog, datasets }: CatalogUnderTest, context: TestContext): Promise<void> {
  if (!catalog.describeDataset) return context.skip('it has no describeDataset');
  for (const { resources: _, ...head } of datasets)
    for (const idOrName of [head.id, head.name]) assert.deepEqual(await catalog.describeDataset(idOrName), head);
}

async function describesTogether(place: CatalogUnderTest, context: TestContext): Promise<void> {
  const { catalog, datasets, missingIds } = place;
  if (!catalog.describeDatasets) return context.skip('it has no describeDatasets');
  const heads = datasets.map(({ resources: _, ...head }) => head);
  const found = await catalog.describeDatasets([...heads.map(({ id }) => id), ...missingIds]);
  const inOrder = (all: readonly { readonly id: string }[]) =>
    all.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  assert.deepEqual(inOrder(found), inOrder(heads));
  assert.deepEqual(await catalog.describeDatasets([]), []);
}

async function listsDatasets({ catalog, datasets }: CatalogUnderTest, context: TestContext): Promise<void> {
  const { listDatasetResources } = catalog;
  if (!listDatasetResources) return context.skip('it has no listDatasetResources');
  for (const { id, resources } of datasets) {
    const list: Pick<Catalog, 'listResources'> = { listResources: listDatasetResources.bind(catalog, id) };
    for (const limit of [1, 2, 1000])
      assert.deepEqual((await listedBy(list, limit)).toSorted(), idsOf(resources).toSorted());
  }
}

async function listsPages({ catalog, datasets }: CatalogUnderTest): Promise<void> {
  const ids = resourcesOf(datasets).map(({ id }) => id);
  const whole = await listedBy(catalog, 1000);
  assert.deepEqual(whole.toSorted(), ids.toSorted());
  // The order is the host's own, the same for every page: numbers as numbers, texts by its collation.
  for (const limit of [1, 2, ids.length]) assert.deepEqual(await listedBy(catalog, limit), whole);
}

async function endsList({ catalog, datasets }: CatalogUnderTest): Promise<void> {
  const last = (await listedBy(catalog, 1000)).at(-1) ?? null;
  assert.deepEqual(await catalog.listResources({ after: last, limit: 10 }), []);
  const first = await catalog.listResources({ after: null, limit: 1 });
  assert.equal(first.length, Math.min(1, datasets.length));
}

async function listsSame({ catalog }: CatalogUnderTest): Promise<void> {
  for (const resource of await catalog.listResources({ after: null, limit: 10 })) {
    assert.deepEqual(await catalog.getResource(resource.id), resource);
  }
}

async function saysWhose({ catalog, datasets }: CatalogUnderTest): Promise<void> {
  for (const { id } of datasets) {
    const found = await catalog.getDataset(id);
    const owner = found?.organisation ?? null;
    for (const resource of found?.resources ?? []) assert.deepEqual(resource.organisation ?? null, owner, resource.id);
  }
}

async function namesContacts(place: CatalogUnderTest, context: TestContext): Promise<void> {
  const { catalog, datasets, missingIds, contacts = new Map() } = place;
  if (!catalog.contactOf) return context.skip('it has no contactOf');
  const found = await catalog.contactOf([...datasets.map(({ id }) => id), ...missingIds]);
  const named = [...found].flatMap(([id, contact]) => {
    return contact ? [[id, { address: contact.address, name: contact.name, language: contact.language ?? null }]] : [];
  });
  const expected = [...contacts].map(([id, contact]) => [id, { language: null, ...contact }]);
  assert.deepEqual(Object.fromEntries(named), Object.fromEntries(expected));
  assert.equal((await catalog.contactOf([])).size, 0);
}

async function listsOrganisations(place: CatalogUnderTest, context: TestContext): Promise<void> {
  const { catalog, datasets, organisations = [] } = place;
  if (!catalog.listOrganisations) return context.skip('it has no listOrganisations');
  const listed = await catalog.listOrganisations();
  const byName = (all: readonly Organisation[]) => all.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  assert.deepEqual(byName(listed), byName(organisations));
  const ids = new Set(listed.map(({ id }) => id));
  for (const { parentId } of listed) assert.ok(!parentId || ids.has(parentId), `${parentId} is not listed`);
  for (const { organisation } of datasets) assert.ok(!organisation || ids.has(organisation.id), organisation?.id);
}

/** Ids in the order of the pages. A catalogue that never ends is stopped. */
async function listedBy(catalog: Pick<Catalog, 'listResources'>, limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ids.length < 10_000; after = ids.at(-1) ?? null) {
    const page: readonly Resource[] = await catalog.listResources({ after, limit });
    assert.ok(page.length <= limit, `a page of ${limit} has ${page.length}`);
    if (page.length === 0) return ids;
    ids.push(...page.map(({ id }) => id));
  }
  return assert.fail('the pages do not end');
}

const idsOf = (resources: readonly Resource[]): string[] => resources.map(({ id }) => id);

function resourcesOf(datasets: readonly Dataset[]): Resource[] {
  return datasets.flatMap(({ resources }) => resources);
}

function byId(resources: readonly Resource[]): Resource[] {
  return resources.toSorted((one, other) => (one.id < other.id ? -1 : Number(one.id > other.id)));
}
