import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { copyUrl } from '../decide/copyUrl.ts';
import { messageOf } from '../errors.ts';
import { redactUrl } from '../fetch/http/parseUrl.ts';
import type { JobQueue } from '../job/JobQueue.ts';
import type { Logger } from '../model/logger.ts';
import type { Portal } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/loadConfig.ts';
import type { HandlerDeps, Health } from '../show/HandlerDeps.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import type { Requests } from '../trigger/Requests.ts';

interface ShowInput {
  readonly config: Config;
  readonly portal: Portal;
  readonly records: Records;
  readonly store: ArchiveStore;
  readonly queue: JobQueue;
  readonly requests: Requests;
  now(): Date;
}

/** What the routes stand on. */
export function showPartsOf(input: ShowInput): HandlerDeps {
  const { config, portal, records, store, requests, now } = input;
  const copiesUrl = config.publicCopiesUrl ?? portal.urls.archiver;
  return {
    requests,
    records,
    store,
    catalog: portal.catalog,
    authorize: (request, question) => portal.authorize(request, question),
    archiverUrl: portal.urls.archiver.replace(/\/+$/, ''),
    caller: (request) => portal.info.caller?.(request) ?? callerOf(request),
    copyUrl: (key) => copyUrl(copiesUrl, key),
    redact: redactUrl,
    health: () => healthOf(input),
    logger: portal.logger,
    now,
  };
}

/** The same credentials are the same caller; they are not kept, only their hash. */
function callerOf(request: IncomingMessage): string | null {
  const { authorization, cookie } = request.headers;
  const credentials = authorization ?? cookie;
  return credentials === undefined ? null : createHash('sha256').update(credentials).digest('hex');
}

type Check = Health['checks'][string];

async function healthOf({ config, portal, records, store, queue, now }: ShowInput): Promise<Health> {
  const check = (what: string, ask: () => Promise<unknown>) => checkOf(what, ask, portal.logger);
  const [database, jobs, storage, work, bulk] = await Promise.all([
    check('database', () => records.ping()),
    check('queue', () => queue.ping()),
    check('store', () => store.freeBytes()),
    workCheck(config, records, now()),
    bulkCheck(records),
  ]);
  const checks = { database, queue: jobs, store: storage, work, bulk };
  return { ready: Object.values(checks).every(({ ok }) => ok), checks };
}

/** Anybody may ask for health, so what names our servers and folders goes to the log alone. */
async function checkOf(what: string, ask: () => Promise<unknown>, logger: Logger): Promise<Check> {
  try {
    await ask();
    return { ok: true, detail: null };
  } catch (error) {
    logger.warn({ check: what, error: messageOf(error) }, 'a health check failed');
    return { ok: false, detail: `The ${what} does not answer; the log says why.` };
  }
}

/** A pause of the bulk lane is told, and is no failure: people's requests go on, and the backlog's age fails in time. */
async function bulkCheck({ leases }: Records): Promise<Check> {
  const pauses = await leases.pauses().catch(() => []);
  const told = pauses.map(({ reason }) => `The bulk lane of a worker pauses: ${reason}.`);
  return { ok: true, detail: told.length > 0 ? [...new Set(told)].join(' ') : null };
}

/** Work goes on: nothing waits too long, and while something waits something ends now and then. */
async function workCheck(config: Config, records: Records, now: Date): Promise<Check> {
  try {
    const { due, oldestDueAt, lastSuccessAt } = await records.archivals.backlog(now);
    const waitMs = oldestDueAt ? now.getTime() - oldestDueAt.getTime() : 0;
    const idleMs = lastSuccessAt ? now.getTime() - lastSuccessAt.getTime() : waitMs;
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
