import assert from 'node:assert/strict';
import { recordsIn } from './recordsIn.ts';
import type { ShownPortal } from './shownPortal.ts';
import { addResource } from './testPortal.ts';
import { until } from './until.ts';

/** Resources that no hook reports, each with a file behind it: a sweep finds them. Answers their ids. */
export async function addUnreported(portal: ShownPortal, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, number) => `r${number}`);
  for (const id of ids) {
    portal.files.set(`/${id}.csv`, { body: `id,value\n${id},1\n` });
    await addResource(portal.database.knex, id, portal.urlOf(`/${id}.csv`));
  }
  return ids;
}

/** How often the publisher was asked for each file. */
export const requestsOf = (portal: ShownPortal, ids: readonly string[]): number[] =>
  ids.map((id) => portal.requests.filter((path) => path === `/${id}.csv`).length);

/** While a service of ours fails: no file is asked for more than once. */
export function assertNotAskedAgain(portal: ShownPortal, ids: readonly string[]): void {
  const counts = requestsOf(portal, ids);
  assert.ok(
    counts.every((count) => count <= 1),
    `requests of each file: ${counts.join()}`,
  );
}

/** Within a minute of the end of a fault: everything is archived, one copy of each, and we are ready. */
export async function archivedOnce(portal: ShownPortal, ids: readonly string[]): Promise<void> {
  const records = recordsIn(portal.database.knex);
  await until(async () => {
    const archivals = await records.archivals.getMany(ids);
    return archivals.length === ids.length && archivals.every(({ code }) => code === 'archived');
  }, 60);
  const copies = await records.copies.listByResources(ids);
  assert.deepEqual(
    ids.map((id) => copies.get(id)?.length),
    ids.map(() => 1),
  );
  await until(async () => (await portal.agent().get('/health/ready')).status === 200, 60);
}
