import { SERVICE_REFUSES } from '../decide/pauseReasons.ts';
import { messageOf } from '../errors.ts';
import type { JobQueue } from '../job/JobQueue.ts';
import type { LaneState } from '../model/laneState.ts';
import type { Logger } from '../model/logger.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';

/** What `/health/ready` answers. `detail` names neither servers nor folders: anybody may ask. */
export interface Health {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, HealthCheck>>;
}

/** How one service or lane fares; `detail` says more also where `ok` is true. */
export interface HealthCheck {
  readonly ok: boolean;
  readonly detail: string | null;
}

/** What the checks ask of the records. */
export interface HealthRecords {
  takesWrites(): Promise<void>;
  readonly leases: Pick<Records['leases'], 'pauses'>;
  readonly archivals: Pick<Records['archivals'], 'backlog' | 'ownFaults'>;
  readonly deliveries: Pick<Records['deliveries'], 'countDisabled'>;
  readonly addresses: Pick<Records['addresses'], 'earlier'>;
  readonly identities: Pick<Records['identities'], 'conflict'>;
  readonly mails: Pick<Records['mails'], 'state'>;
}

/** Whom the checks ask. */
export interface HealthDeps {
  readonly config: Pick<Config, 'healthMaxBacklogMs' | 'healthMaxIdleMs' | 'mailSmtpUrl'>;
  readonly records: HealthRecords;
  readonly store: Pick<ArchiveStore, 'freeBytes'>;
  readonly queue: Pick<JobQueue, 'ping'>;
  lanes(): Promise<readonly LaneState[]>;
  readonly logger: Logger;
  now(): Date;
}

/** Asks every service, all concurrently. Never throws: what does not answer is a check that is not ok. */
export async function healthOf(deps: HealthDeps): Promise<Health> {
  const { records, queue, logger } = deps;
  const [database, jobs, storage, work, lanes, bulk, webhooks, outcomes, addresses, mail] = await Promise.all([
    serviceCheck('database', () => records.takesWrites(), logger),
    serviceCheck('queue', () => queue.ping(), logger),
    storeCheck(deps),
    workCheck(deps),
    laneCheck(deps),
    bulkCheck(records),
    webhookCheck(records),
    outcomeCheck(records),
    addressCheck(records),
    mailCheck(deps),
  ]);
  const checks = { database, queue: jobs, store: storage, work, lanes, bulk, webhooks, outcomes, addresses, mail };
  return { ready: Object.values(checks).every(({ ok }) => ok), checks };
}

/** Anybody may ask for health, so what names our servers and folders goes to the log alone. */
async function serviceCheck(what: string, ask: () => Promise<unknown>, logger: Logger): Promise<HealthCheck> {
  try {
    await ask();
    return { ok: true, detail: null };
  } catch (error) {
    logger.warn({ check: what, error: messageOf(error) }, 'a health check failed');
    return { ok: false, detail: `The ${what} does not answer; the log says why.` };
  }
}

/** Another database on the same store is told of, and is no failure: only nothing is removed. */
async function storeCheck({ records, store, logger }: HealthDeps): Promise<HealthCheck> {
  const check = await serviceCheck('store', () => store.freeBytes(), logger);
  if (!check.ok) return check;
  return { ok: true, detail: await records.identities.conflict().catch(() => null) };
}

/** A pause for want of room is reported, and is no failure: the backlog's age fails in time. A refusing service is one. */
async function bulkCheck({ leases }: Pick<HealthRecords, 'leases'>): Promise<HealthCheck> {
  const pauses = await leases.pauses().catch(() => []);
  const told = pauses.map(({ reason }) => `A worker pauses: ${reason}.`);
  const isRefused = pauses.some(({ reason }) => reason === SERVICE_REFUSES);
  return { ok: !isRefused, detail: told.length > 0 ? [...new Set(told)].join(' ') : null };
}

/** A receiver that wants nothing more is no failure of ours, and nothing that an operator should have to search for. */
async function webhookCheck({ deliveries }: Pick<HealthRecords, 'deliveries'>): Promise<HealthCheck> {
  const count = await deliveries.countDisabled().catch(() => 0);
  const noun = count === 1 ? 'receiver' : 'receivers';
  return {
    ok: true,
    detail: count === 0 ? null : `${count} webhook ${noun} answered 410 Gone; nothing is sent there.`,
  };
}

/** What failed on our side is reported, and is no failure of the whole: all other resources go on. */
async function outcomeCheck({ archivals }: Pick<HealthRecords, 'archivals'>): Promise<HealthCheck> {
  const none = { hostRefused: 0, internal: 0, storeRefused: 0 };
  const { hostRefused, internal, storeRefused } = await archivals.ownFaults().catch(() => none);
  const told = [
    ...(hostRefused > 0
      ? [`The portal's table refuses what was archived of ${hostRefused} resources (host-refused).`]
      : []),
    ...(storeRefused > 0 ? [`The store does not take what came of ${storeRefused} resources (store-failed).`] : []),
    ...(internal > 0 ? [`${internal} resources failed on our side (internal).`] : []),
  ];
  return { ok: true, detail: told.length > 0 ? `${told.join(' ')} The log says why.` : null };
}

/** Earlier addresses may answer still, or redirect: an operator's to know, and no failure. */
async function addressCheck({ addresses }: Pick<HealthRecords, 'addresses'>): Promise<HealthCheck> {
  const earlier = await addresses.earlier().catch(() => []);
  const detail = 'The address of copies has changed; portal-archiver relocate rewrites what the portal holds.';
  return { ok: true, detail: earlier.length > 0 ? detail : null };
}

/** Archiving goes on without mail: an operator's to know, and no failure. */
async function mailCheck({ config, records }: HealthDeps): Promise<HealthCheck> {
  const state = config.mailSmtpUrl === null ? null : await records.mails.state().catch(() => null);
  const isAway = state !== null && state.failingSince !== null;
  return { ok: true, detail: isAway ? 'The mail server takes no mail; the log says why.' : null };
}

/** Work goes on: nothing waits too long, and while something waits something ends now and then. */
async function workCheck({ config, records, now }: HealthDeps): Promise<HealthCheck> {
  const at = now();
  try {
    const { due, oldestDueAt, lastSuccessAt } = await records.archivals.backlog(at);
    const waitMs = oldestDueAt ? at.getTime() - oldestDueAt.getTime() : 0;
    const idleMs = lastSuccessAt ? at.getTime() - lastSuccessAt.getTime() : waitMs;
    if (waitMs > config.healthMaxBacklogMs)
      return { ok: false, detail: `${due} resources are due, the oldest for ${Math.round(waitMs / 1000)} s.` };
    if (waitMs > config.healthMaxIdleMs && idleMs > config.healthMaxIdleMs) {
      return { ok: false, detail: `${due} resources are due, and nothing ended for ${Math.round(idleMs / 1000)} s.` };
    }
    return { ok: true, detail: null };
  } catch {
    return { ok: false, detail: 'What waits could not be counted.' };
  }
}

/** A lane in which something waits and nothing ends stands still, however much ends in the other. The log says who has the places. */
async function laneCheck({ lanes }: Pick<HealthDeps, 'lanes'>): Promise<HealthCheck> {
  try {
    const still = (await lanes()).filter(({ standsStill }) => standsStill);
    return { ok: still.length === 0, detail: still.length > 0 ? still.map(laneText).join(' ') : null };
  } catch {
    return { ok: false, detail: 'Whether the lanes move could not be asked.' };
  }
}

function laneText({ lane, waitingHosts, idleMs }: LaneState): string {
  const what = lane === 'priority' ? 'a request' : 'a sweep';
  const seconds = Math.round(idleMs / 1000);
  return `No archival of ${what} ended for ${seconds} s; hosts waited for: ${waitingHosts}. The log says who has the places.`;
}
