import type { Archivals } from '../Archivals.ts';
import type { Database } from '../database/Database.ts';
import { FREE } from './archivalColumns.ts';

const POSTPONE = `
  with postponed as (
    update :schema:.archival set next_check_at = greatest(next_check_at, :until)
    where resource_id = :resourceId and request_seq > done_seq and ${FREE} returning resource_id)
  update :schema:.task_status
  set state = 'pending', value = (cast(value as jsonb) || jsonb_build_object('reason', cast(:reason as text)))::text,
    error = cast(:reason as text), last_updated = now()
  where entity_id in (select resource_id from postponed) and task_type = 'archiver' and key = 'status'
    and cast(:reason as text) is not null`;

const EXPLAIN = `
  update :schema:.task_status
  set state = 'pending', value = (cast(value as jsonb) || jsonb_build_object('reason', cast(:reason as text)))::text,
    error = cast(:reason as text), last_updated = now()
  where entity_id = any(cast(:resourceIds as text[])) and task_type = 'archiver' and key = 'status'`;

/** What is told already is not written again. */
const EXPLAIN_DUE = `
  with due as materialized (
    select resource_id from :schema:.archival
    where lane = 'bulk' and host = :host and next_check_at <= :now and ${FREE}
    order by next_check_at limit :limit)
  update :schema:.task_status
  set state = 'pending', value = (cast(value as jsonb) || jsonb_build_object('reason', cast(:reason as text)))::text,
    error = cast(:reason as text), last_updated = :now
  where entity_id in (select resource_id from due) and task_type = 'archiver' and key = 'status'
    and error is distinct from cast(:reason as text)`;

const RESUME = `
  update :schema:.archival as a set next_check_at = :now
  from :schema:.task_status as t
  where a.lane = 'priority' and a.request_seq > a.done_seq and a.next_check_at > :now and ${FREE}
    and t.entity_id = a.resource_id and t.task_type = 'archiver' and t.key = 'status' and starts_with(t.error, :reasonPrefix)
  returning a.resource_id as "resourceId"`;

type WaitMethods = Pick<Archivals, 'postpone' | 'explain' | 'explainDue' | 'resume'>;

/** The part of {@link Archivals} by which archivals wait, and say in their task_status what for. */
export class ArchivalWaits implements WaitMethods {
  readonly #rows: Database['rows'];

  constructor({ rows }: Database) {
    this.#rows = rows;
  }

  async postpone(resourceId: string, until: Date, reason?: string): Promise<void> {
    await this.#rows('postponing an archival', POSTPONE, { resourceId, until, reason: reason ?? null });
  }

  async explainDue(host: string, how: Parameters<Archivals['explainDue']>[1]): Promise<void> {
    await this.#rows('saying what archivals wait for', EXPLAIN_DUE, { host, ...how });
  }

  async explain(resourceIds: readonly string[], reason: string): Promise<void> {
    await this.#rows('saying what archivals wait for', EXPLAIN, { resourceIds, reason });
  }

  async resume(reasonPrefix: string, now: Date): Promise<readonly string[]> {
    const resumed = await this.#rows<{ resourceId: string }>('resuming archivals', RESUME, { reasonPrefix, now });
    return resumed.map(({ resourceId }) => resourceId);
  }
}
