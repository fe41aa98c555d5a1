import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { WriteBack } from '../model/writeBack.ts';
import type { CatalogCheck, CatalogUnderTest } from './PortalUnderTest.ts';

/** What holds of writing to the host's rows. */
export const WRITE_BACK_CHECKS: Readonly<Record<string, CatalogCheck>> = {
  'writes several resources back': writesSeveral,
  'leaves a column as it is where the change has null': leavesNull,
  'passes over a resource that is gone, and writes the others': passesOverMissing,
  'writes nothing when the transaction is rolled back': rollsBack,
  'takes an empty list of changes': takesNothing,
  'changes nothing that editors wrote': leavesRest,
  'does not look like an edit': isNoEdit,
};

const NOTHING = { cacheUrl: null, cacheLastUpdated: null, hash: null, size: null, mimetype: null };

/** Larger than 32 bits, which a file may be. */
const SIZE = 3_000_000_000;

function changeOf(resourceId: string, round: number): WriteBack {
  return {
    resourceId,
    cacheUrl: `https://data.example/archiver/archive/20260102T03040${round}Z/${resourceId}/file.csv`,
    cacheLastUpdated: new Date(`2026-01-02T03:04:0${round}Z`),
    hash: `md5:${String(round).repeat(32)}`,
    size: SIZE + round,
    mimetype: 'text/csv',
  };
}

async function writesSeveral(place: CatalogUnderTest): Promise<void> {
  const changes = idsOf(place).map((id) => changeOf(id, 1));
  await write(place, changes);
  for (const change of changes) await assertWritten(place, change);
}

async function leavesNull(place: CatalogUnderTest): Promise<void> {
  const [id = ''] = idsOf(place);
  await write(place, [changeOf(id, 2)]);
  await write(place, [{ resourceId: id, ...NOTHING, mimetype: 'text/html' }]);
  await assertWritten(place, { ...changeOf(id, 2), mimetype: 'text/html' });
}

async function passesOverMissing(place: CatalogUnderTest): Promise<void> {
  const [id = ''] = idsOf(place);
  await write(
    place,
    [...place.missingIds, 'no such id'].map((missing) => changeOf(missing, 3)).concat(changeOf(id, 3)),
  );
  await assertWritten(place, changeOf(id, 3));
}

async function rollsBack(place: CatalogUnderTest): Promise<void> {
  const [id = ''] = idsOf(place);
  const before = await place.written(id);
  const failure = new Error('rolled back on purpose');
  const writing = place.transaction(async (transaction) => {
    await place.catalog.writeBack([changeOf(id, 4)], transaction);
    throw failure;
  });
  await assert.rejects(writing, failure);
  assert.deepEqual(await place.written(id), before);
}

async function takesNothing(place: CatalogUnderTest): Promise<void> {
  await write(place, []);
}

async function leavesRest(place: CatalogUnderTest): Promise<void> {
  const resources = place.datasets.flatMap((dataset) => dataset.resources);
  await write(
    place,
    resources.map(({ id }) => changeOf(id, 5)),
  );
  for (const resource of resources) assert.deepEqual(await place.catalog.getResource(resource.id), resource);
}

async function isNoEdit(place: CatalogUnderTest, context: TestContext): Promise<void> {
  if (!place.edits) return context.skip('the host has nobody who hears of edits');
  const before = await place.edits();
  await write(
    place,
    idsOf(place).map((id) => changeOf(id, 6)),
  );
  assert.equal(await place.edits(), before);
}

function write(place: CatalogUnderTest, changes: readonly WriteBack[]): Promise<void> {
  return place.transaction((transaction) => place.catalog.writeBack(changes, transaction));
}

async function assertWritten(place: CatalogUnderTest, { resourceId, ...change }: WriteBack): Promise<void> {
  const written: Record<string, unknown> = await place.written(resourceId);
  const wanted = Object.entries(change).filter(([member]) => member in written);
  assert.ok(wanted.length > 0, 'the host has no column that is written');
  assert.deepEqual(written, Object.fromEntries(wanted));
}

function idsOf({ datasets }: CatalogUnderTest): string[] {
  return datasets.flatMap(({ resources }) => resources.map(({ id }) => id));
}
