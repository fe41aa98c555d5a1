import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import type { HistoryRecord } from '../Histories.ts';

const ADD_CHANGES = `
  insert into :schema:.event (at, resource_id, dataset_id, kind, code, previous_code, reason, copy_key, previous_copy_key, url)
  select i.at, i."resourceId", i."datasetId", i.kind, i.code, i."previousCode", i.reason, i."copyKey",
    (select c.key from :schema:.copy as c where c.id = i."previousCopyId"), i.url
  from jsonb_to_recordset(cast(:changes as jsonb)) as i (at timestamptz, "resourceId" text, "datasetId" text, kind text,
    code text, "previousCode" text, reason text, "copyKey" text, "previousCopyId" text, url text)`;

/** Of a resource. */
export const ATTEMPTS_KEPT = 20;

/** The newest attempt takes the place of the oldest: nothing is looked for and nothing deleted. */
const NOTE_ATTEMPTS = `
  insert into :schema:.attempt (resource_id, slot, at, code, reason, status, ms, first_byte_ms, requests, wire_bytes, final_url,
    detail)
  select "resourceId", slot, at, code, reason, status, ms, "firstByteMs", requests, "wireBytes", "finalUrl", detail
  from jsonb_to_recordset(cast(:attempts as jsonb)) as i ("resourceId" text, slot smallint, at timestamptz, code text,
    reason text, status smallint, ms int, "firstByteMs" int, requests int, "wireBytes" float8, "finalUrl" text, detail jsonb)
  on conflict (resource_id, slot) do update set at = excluded.at, code = excluded.code, reason = excluded.reason,
    status = excluded.status, ms = excluded.ms, first_byte_ms = excluded.first_byte_ms, requests = excluded.requests, wire_bytes = excluded.wire_bytes,
    final_url = excluded.final_url, detail = excluded.detail`;

/** In one order for all, so that two who add to the same days do not wait for each other in a circle. */
const ADD_SUMS = `
  insert into :schema:.day_sum (day, host, code, attempts, requests, wire_bytes, ms)
  select i.day, i.host, i.code, i.attempts, i.requests, i."wireBytes", i.ms
  from jsonb_to_recordset(cast(:sums as jsonb)) as i (day date, host text, code text, attempts bigint, requests bigint,
    "wireBytes" float8, ms float8)
  order by i.host desc, i.day, i.code
  on conflict (host, day, code) do update set attempts = day_sum.attempts + excluded.attempts,
    requests = day_sum.requests + excluded.requests, wire_bytes = day_sum.wire_bytes + excluded.wire_bytes,
    ms = day_sum.ms + excluded.ms`;

/** What changed, in the transaction `on`; before the archivals are updated, for they name the copies of before. */
export async function writeChanges(
  database: Database,
  records: readonly HistoryRecord[],
  on: HostTransaction,
): Promise<void> {
  const changes = records.flatMap((record) => record.changes);
  if (changes.length > 0)
    await database.rows('recording what changed', ADD_CHANGES, { changes: JSON.stringify(changes) }, on);
}

/**
 * What was tried, in the transaction `on`. `slotOf`: where a resource's oldest attempt stands. The sums of all hosts together are
 * shared with all workers, so that they are locked last.
 */
export async function writeAttempts(
  database: Database,
  records: readonly HistoryRecord[],
  slotOf: (resourceId: string) => number,
  on: HostTransaction,
): Promise<void> {
  const tried = records.flatMap(({ resourceId, host, attempt }) => (attempt ? [{ ...attempt, resourceId, host }] : []));
  if (tried.length === 0) return;
  const noted = tried.map(({ host: _, ...attempt }) => ({ ...attempt, slot: slotOf(attempt.resourceId) }));
  await database.rows('recording attempts', NOTE_ATTEMPTS, { attempts: JSON.stringify(noted) }, on);
  await database.rows('adding up a day', ADD_SUMS, { sums: JSON.stringify(sumsOf(tried)) }, on);
}

type Tried = NonNullable<HistoryRecord['attempt']> & { readonly host: string };
type Sum = Record<'day' | 'host' | 'code', string> & Record<'attempts' | 'requests' | 'wireBytes' | 'ms', number>;

/** Of each host, and of all together under the empty name. */
function sumsOf(tried: readonly Tried[]): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const { at, host, code, requests, wireBytes, ms } of tried) {
    const day = at.toISOString().slice(0, 10);
    for (const name of new Set([host, ''])) {
      const key = JSON.stringify([day, name, code]);
      const sum = sums.get(key) ?? { day, host: name, code, attempts: 0, requests: 0, wireBytes: 0, ms: 0 };
      sum.attempts += 1;
      sum.requests += requests;
      sum.wireBytes += wireBytes;
      sum.ms += ms;
      sums.set(key, sum);
    }
  }
  return [...sums.values()];
}
