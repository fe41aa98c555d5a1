import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Health, HealthCheck } from '../../plugin/show/health.ts';
import { recordsIn } from './recordsIn.ts';
import type { ShownPortal } from './shownPortal.ts';
import { addResource } from './testPortal.ts';
import { until } from './until.ts';

/** Something that an operator's infrastructure does, and how it is seen. */
export interface Fault {
  begin(): unknown;
  end(): unknown;
  /** What the line at `warn` or `error` that tells of it has in its message or fields. */
  readonly line: RegExp;
  /** The check of `/health/ready` that fails while it lasts. */
  readonly check: keyof Health['checks'];
  /** How a failing check is told; default: it is not ok. */
  isShown?(check: HealthCheck): boolean;
}

const FILES = 3;
/** What is to come within a minute, on a machine that has little time for it. */
const SECONDS = 120;

/**
 * The whole proof of one fault, which begins while the first file is on its way: (1) no file is asked for more than once while it
 * lasts, (2) a line in the log tells of it, (3) readiness does, and (4) everything is archived, one copy of each, within a minute
 * of its end, with nothing that pushes it.
 */
export async function proveFault(portal: ShownPortal, fault: Fault): Promise<void> {
  const ids = [...(await addUnreported(portal, FILES)), ...(await addUnreported(portal, 1, 'asked'))];
  // All are wanted before it begins, and the first answers go on when it has begun: their bytes come while everything is refused.
  const beginning = new AbortController();
  const begun = once(beginning.signal, 'abort');
  portal.beforeAnswer = () => begun;
  await portal.archiver.archive.requestResource('asked0');
  await portal.archiver.archive.sweep({ dryRun: false });
  await until(() => portal.requests.length > 0, SECONDS);
  await fault.begin();
  beginning.abort();

  await until(() => portal.logged.some((entry) => fault.line.test(JSON.stringify(entry))), SECONDS);
  await until(() => isUnready(portal, fault), SECONDS);
  assertNotAskedAgain(portal, ids);

  await fault.end();
  await archivedOnce(portal, ids);
  assertNotAskedAgain(portal, ids);
}

async function isUnready(portal: ShownPortal, { check, isShown = ({ ok }) => !ok }: Fault): Promise<boolean> {
  const { body } = await portal.agent().get('/health/ready');
  return isShown(body.checks[check]);
}

/** Resources that no hook reports, each with a file behind it: a sweep finds them. Answers their ids. */
export async function addUnreported(portal: ShownPortal, count: number, prefix = 'r'): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, number) => `${prefix}${number}`);
  for (const id of ids) {
    if (!portal.files.has(`/${id}.csv`)) portal.files.set(`/${id}.csv`, { body: `id,value\n${id},1\n` });
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
  }, SECONDS);
  const copies = await records.copies.listByResources(ids);
  assert.deepEqual(
    ids.map((id) => copies.get(id)?.length),
    ids.map(() => 1),
  );
  await until(async () => (await portal.agent().get('/health/ready')).status === 200, SECONDS);
}
