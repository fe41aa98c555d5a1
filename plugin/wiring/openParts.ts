import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { WorkOptions, WorkReport } from '../Archiver.ts';
import type { JobQueue } from '../job/JobQueue.ts';
import { QueueOnDemand } from '../job/queueOnDemand.ts';
import type { Digests } from '../mail/digests.ts';
import type { LaneState } from '../model/laneState.ts';
import type { Logger } from '../model/logger.ts';
import type { Role } from '../model/role.ts';
import type { ArchiveEvent } from '../notify/Listener.ts';
import { recordsWithEvents } from '../notify/recordsWithEvents.ts';
import type { HostDatabase } from '../portal/HostDatabase.ts';
import type { Portal } from '../portal/Portal.ts';
import { storableCatalog } from '../portal/storableCatalog.ts';
import { DatabaseClock } from '../record/database/databaseClock.ts';
import type { Listen } from '../record/database/listen.ts';
import { migrate } from '../record/database/migrate.ts';
import { databaseOf, openDatabase } from '../record/database/openDatabase.ts';
import { requireReadable } from '../record/database/schemaState.ts';
import { createRecords } from '../record/openRecords.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { SettingSources } from '../settings/loadConfig.ts';
import type { HandlerDeps } from '../show/HandlerDeps.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { readUnrecorded } from '../store/findUnrecordedCopy.ts';
import { ArchivalRequests } from '../trigger/archivalRequests.ts';
import { CatalogueWords } from '../trigger/catalogueWords.ts';
import type { Requests } from '../trigger/Requests.ts';
import { Schedule } from '../trigger/schedule.ts';
import { Sweep } from '../trigger/sweep.ts';
import { AttemptTally } from '../work/attemptTally.ts';
import { ProcessNote } from '../work/processes/processNote.ts';
import { type RecoveredCopies, recoverCopies } from '../work/recoverCopies.ts';
import { type Relocation, relocateCopies } from '../work/relocateCopies.ts';
import { StoreOwnership } from '../work/storeOwnership.ts';
import { baseOf, noticeAddresses } from './addresses.ts';
import { handlerDepsOf } from './handlerDeps.ts';
import { laneStates } from './laneStates.ts';
import { openListen } from './openListen.ts';
import { openMail } from './openMail.ts';
import { createQueue, startQueue } from './openQueue.ts';
import { createStore, STAGE_MAX_MS } from './openStore.ts';
import { openWorker } from './openWorker.ts';
import { placementOf } from './placement.ts';
import { refuseSmallPool } from './refuseSmallPool.ts';
import { requireSuitableHost } from './requireSuitableHost.ts';
import { CLOSE_GRACE_MS, Scope } from './scope.ts';
import { StartWaits } from './startWaits.ts';
import { version } from './version.ts';
import type { WorkerDeps } from './WorkerDeps.ts';
import { workSlice } from './workSlice.ts';

/** Everything that runs between start and stop. */
export interface Parts {
  readonly config: Config;
  readonly knex: HostDatabase;
  readonly records: Records;
  readonly store: ArchiveStore;
  readonly queue: JobQueue;
  readonly requests: Requests;
  readonly sweep: Sweep;
  /** null: mail is not set up. */
  readonly digests: Digests | null;
  readonly tally: AttemptTally;
  relocate(dryRun: boolean): Promise<Relocation>;
  /** Makes the store this database's own, and finds copies that no record names. */
  adoptStore(): Promise<RecoveredCopies>;
  readonly handlerDeps: HandlerDeps;
  lanes(): Promise<readonly LaneState[]>;
  now(): Date;
  /** Works for a while beside whatever roles were started. */
  work(options: WorkOptions): Promise<WorkReport>;
  stop(deadlineMs: number): Promise<void>;
}

/** What a start has before anything is opened. */
export interface PartsDeps {
  readonly config: Config;
  readonly portal: Portal;
  readonly roles: readonly Role[];
  /** The variables that `config` was read from; absent: those of the process. */
  readonly environment?: SettingSources['environment'];
  /** Fires when the plugin is stopped before it is started. */
  readonly signal: AbortSignal;
  emit(event: ArchiveEvent): void;
  /** Another process uninstalls: everything is to be stopped. */
  onUninstall(): void;
}

/**
 * Starts in this order: database → store → queue → work → schedule. What was opened before something fails is closed
 * again, in reverse; `stop` does the same.
 */
export async function openParts(deps: PartsDeps): Promise<Parts> {
  const { logger } = deps.portal;
  const scope = new Scope(logger);
  try {
    return await openIn(scope, new StartWaits({ signal: deps.signal, logger }), deps);
  } catch (error) {
    // Nothing works yet: what does not close is a connection to a server that hangs.
    await scope.close(Math.max(0, deps.config.stopDeadlineMs - CLOSE_GRACE_MS));
    throw error;
  }
}

async function openIn(scope: Scope, waits: StartWaits, deps: PartsDeps): Promise<Parts> {
  const { config, portal, roles, environment, emit, onUninstall } = deps;
  const { logger } = portal;
  const catalog = storableCatalog(portal.catalog);
  const owner = `${hostname()} ${process.pid} ${randomUUID()}`;
  refuseSmallPool(portal, roles);
  // Who takes no role only looks and asks, as a command does: nothing is migrated or made.
  const looks = roles.length === 0;
  const { knex, tables, listen, clock, migrated } = await openTables(scope, waits, { config, portal, looks });
  const now = portal.now ?? (() => clock.now());
  if (!looks) {
    const noting = ProcessNote.open({ processes: tables.processes, owner, logger, onUninstall });
    scope.add(await waits.during('the database', noting));
  }
  // What was only checked is to be kept now.
  if (roles.includes('worker') && !config.checkOnly) {
    await waits.during('the database', tables.archivals.makeDue('checked-only', now()));
  }
  const store = scope.add(await createStore(config, logger));
  if (!looks) {
    await waits.during('the store', makeReady(store));
    await waits.during('the database', noticeAddresses(config, portal, tables, logger));
  }
  const agenda = await createQueue(config, { knex, listen, now: () => clock.now(), logger });
  const queue = looks ? new QueueOnDemand(agenda) : agenda;
  const records = recordsWithEvents(tables, { config, queueName: queue.name, emit, now });
  const triggers = { config, portal, catalog, records, queue, owner, now };
  const { words, requests, sweep } = openTriggers(triggers);
  const tally = new AttemptTally();
  const { identities } = records;
  const ownership = new StoreOwnership({ identities, store, elapsedMs: () => performance.now(), logger });
  const place = placementOf({ config, portal, catalog, records, store, knex, ownership });
  const worker = { config, portal, catalog, records, store, queue, words, tally, ownership, place, owner, now, emit };
  if (roles.includes('worker')) await openWorker({ scope, waits }, worker);
  else await startQueue(queue, null, { scope, waits });
  const digests = await openMail({ config, portal, catalog, records, owner, now });
  if (roles.includes('scheduler')) openSchedules(scope, config, { sweep, digests, now: () => clock.now(), logger });
  const relocate = (dryRun: boolean) =>
    relocateCopies(dryRun, { catalog, written: portal.catalog, records, baseOf: baseOf(config, portal) });
  const shown = { config, portal, records, store, queue, requests, environment, now };
  const handlerDeps = handlerDepsOf({ ...shown, dashboard: () => agenda.dashboard(), stopping: stoppingOf(scope) });
  const started = { version, roles, queue: queue.name, store: store.name, schema: config.schema, migrated };
  logger[looks ? 'debug' : 'info'](started, 'archiver started');
  const work = (options: WorkOptions) => workSlice({ ...worker, knex, listen, clock }, options);
  const lanes = () => laneStates({ config, records, now });
  const stop = (deadlineMs: number) => scope.close(deadlineMs);
  const adoptStore = () => adopt(ownership, { catalog, records, store, now });
  const opened = { config, knex, records, store, queue, requests, sweep, digests, tally, handlerDeps };
  return { lanes, ...opened, work, relocate, adoptStore, now, stop };
}

/** Fires when what was opened is closed. */
function stoppingOf(scope: Scope): AbortSignal {
  const stopping = new AbortController();
  scope.defer(() => stopping.abort());
  return stopping.signal;
}

/** What starts archivals besides hooks. */
function openTriggers(
  deps: Pick<WorkerDeps, 'config' | 'portal' | 'catalog' | 'records' | 'queue' | 'owner' | 'now'>,
): Pick<Parts, 'requests' | 'sweep'> & Pick<WorkerDeps, 'words'> {
  const { config, portal, catalog, records, queue, owner, now } = deps;
  const { logger } = portal;
  const { runsKeptMs } = config;
  const words = new CatalogueWords({ catalog, reports: records.reports, site: portal.urls.site, logger });
  const requests = new ArchivalRequests({ catalog, records, queue, words, now, logger });
  const sweep = new Sweep({ catalog, records, queue, words, now, runsKeptMs, owner, logger });
  return { words, requests, sweep };
}

/** The mark first: from then on nobody else removes what is found. */
async function adopt(
  ownership: StoreOwnership,
  { catalog, records, store, now }: Pick<WorkerDeps, 'catalog' | 'records' | 'store' | 'now'>,
): Promise<RecoveredCopies> {
  await ownership.adopt();
  const { archivals, copies } = records;
  return recoverCopies({ catalog, archivals, copies, store, read: (key) => readUnrecorded(store, key), now });
}

interface OpenTables {
  readonly knex: HostDatabase;
  readonly tables: Records;
  readonly listen: Listen;
  readonly clock: DatabaseClock;
  /** The migrations that this start ran. */
  readonly migrated: readonly string[];
}

/** The database answers, the host has what is needed, our tables are at the newest state: who looks finds them there. */
async function openTables(
  scope: Scope,
  waits: StartWaits,
  { config, portal, looks }: Pick<PartsDeps, 'config' | 'portal'> & { readonly looks: boolean },
): Promise<OpenTables> {
  const knex = portal.database ?? openDatabase(config.databaseUrl);
  const writeBack = portal.catalog.writeBack.bind(portal.catalog);
  const listen = openListen(config, knex, portal.logger);
  const ownsKnex = !portal.database;
  const tables = scope.add(createRecords({ knex, schema: config.schema, writeBack, ownsKnex, listen }));
  const opening = DatabaseClock.open(databaseOf(knex, config.schema), (offByMs) =>
    portal.logger.warn({ offByMs }, "the clock of this machine is wrong by the database's, which counts"),
  );
  const clock = scope.add(await waits.during('the database', opening));
  if (looks) {
    const looked = requireTables(portal, knex, config);
    await waits.during('the tables of the portal', looked);
    return { knex, tables, listen, clock, migrated: [] };
  }
  await waits.during('the rights and tables of the portal', requireSuitableHost(portal, knex, config));
  const migrated = await waits.during("the migration of the archiver's tables", migrate(knex, config, 'up', waits));
  return { knex, tables, listen, clock, migrated };
}

async function requireTables(portal: Portal, knex: HostDatabase, config: Config): Promise<void> {
  await portal.check?.(config);
  const newer = await requireReadable(knex, config.schema, `portal-archiver ${version}`);
  if (newer !== null) portal.logger.warn({}, newer);
}

async function makeReady(store: ArchiveStore): Promise<void> {
  await store.open();
  await store.dropStages(STAGE_MAX_MS);
}

/** What is done by the clock; whatever is under way at the end may end. */
function openSchedules(
  scope: Scope,
  { sweepCron, mailCron }: Config,
  deps: { readonly sweep: Sweep; readonly digests: Digests | null; now(): Date; readonly logger: Logger },
): void {
  const { sweep, digests, now, logger } = deps;
  const open = (schedule: { name: string; expression: string; work(): Promise<unknown> }) => {
    if (schedule.expression === '') return;
    const opened = new Schedule({ ...schedule, now, logger });
    scope.defer(() => opened.stop());
  };
  open({ name: 'the sweep', expression: sweepCron, work: () => sweep.run() });
  if (digests === null) return;
  open({ name: 'mail to maintainers', expression: mailCron, work: () => digests.run() });
  scope.defer(() => digests.stop());
}
