import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Catalog } from '../portal/Portal.ts';
import type { CatalogCheck, CatalogUnderTest } from './PortalUnderTest.ts';

/** What holds of giving a resource another URL, where the host lets the archiver do so. */
export const URL_EDIT_CHECKS: Readonly<Record<string, CatalogCheck>> = {
  'gives a resource another URL as an edit, and once, where it can do so': editsOnce,
  'leaves a URL that was edited meanwhile, where it can edit one': leavesEdited,
  'says of a resource that is gone that it is missing, where it can edit a URL': saysMissing,
};

const NEW_URL = 'https://moved.example/data.csv?a=1&b=%C3%BC';
const BY = { by: 'the contract suite' };

async function editsOnce(place: CatalogUnderTest, context: TestContext): Promise<void> {
  const updateUrl = updateUrlOf(place, context);
  if (!updateUrl) return;
  const { id, url } = resourceOf(place);
  const before = await place.edits?.();
  assert.equal(await updateUrl(id, NEW_URL, { expected: url, ...BY }), 'updated');
  assert.equal((await place.catalog.getResource(id))?.url, NEW_URL);
  assert.equal(await updateUrl(id, NEW_URL, { expected: url, ...BY }), 'updated', 'a second click');
  if (before !== undefined) assert.equal(await place.edits?.(), before + 1, 'it is an edit, and one');
  assert.equal(await updateUrl(id, url, { expected: NEW_URL, ...BY }), 'updated');
  assert.equal((await place.catalog.getResource(id))?.url, url);
}

async function leavesEdited(place: CatalogUnderTest, context: TestContext): Promise<void> {
  const updateUrl = updateUrlOf(place, context);
  if (!updateUrl) return;
  const { id, url } = resourceOf(place);
  assert.equal(await updateUrl(id, NEW_URL, { expected: `${url}#before`, ...BY }), 'edited');
  assert.equal((await place.catalog.getResource(id))?.url, url);
}

async function saysMissing(place: CatalogUnderTest, context: TestContext): Promise<void> {
  const updateUrl = updateUrlOf(place, context);
  if (!updateUrl) return;
  for (const id of [...place.missingIds, 'no such id'])
    assert.equal(await updateUrl(id, NEW_URL, { expected: '', ...BY }), 'missing', id);
}

function updateUrlOf({ catalog }: CatalogUnderTest, context: TestContext): Catalog['updateUrl'] {
  if (catalog.updateUrl) return catalog.updateUrl.bind(catalog);
  context.skip('the host lets only its editors change a URL');
  return undefined;
}

function resourceOf({ datasets }: CatalogUnderTest) {
  const found = datasets.flatMap(({ resources }) => resources).find(({ url }) => /^https?:/.test(url));
  assert.ok(found, 'the suite needs a resource with a URL');
  return found;
}
