import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Knex } from 'knex';
import type { SweepReport } from '../Archiver.ts';
import type { Journey } from '../archiveResource.ts';
import { hostOf } from '../decide/hostOf.ts';
import { messageOf } from '../errors.ts';
import { AgendaQueue } from '../job/agendaQueue.ts';
import type { JobQueue } from '../job/JobQueue.ts';
import type { Role } from '../model/role.ts';
import type { ArchiveEvent } from '../notify/Listener.ts';
import { announcing } from '../notify/recordsWithEvents.ts';
import type { Portal } from '../portal/Portal.ts';
import { ResourceReader } from '../portal/resourceReader.ts';
import { connectionOf } from '../record/connectionOf.ts';
import { GroupedRecorder } from '../record/groupedRecorder.ts';
import { migrate } from '../record/migrate.ts';
import { openDatabase } from '../record/openDatabase.ts';
import { createRecords } from '../record/openRecords.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/loadConfig.ts';
import type { HandlerDeps } from '../show/HandlerDeps.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { createRequests } from '../trigger/createRequests.ts';
import type { Requests } from '../trigger/Requests.ts';
import { OutboxRelay } from '../trigger/relay.ts';
import { Schedule } from '../trigger/schedule.ts';
import { Sweep } from '../trigger/sweep.ts';
import { forgetResources } from '../work/forgetResources.ts';
import { createHostBatch } from '../work/hostBatch.ts';
import { HostQueue } from '../work/hostQueue.ts';
import { archiveTogether, createJobHandlers } from '../work/jobHandlers.ts';
import { LeaseRenewal } from '../work/leaseRenewal.ts';
import { ResourcePressure } from '../work/resourcePressure.ts';
import { createJourney } from './createJourney.ts';
import { showPartsOf } from './handlerDeps.ts';
import { hostLimitsOf } from './hostLimitsOf.ts';
import { createLocalRetriever, createThreadedRetriever } from './openRetriever.ts';
import { createStore } from './openStore.ts';
import { openWebhooks } from './openWebhooks.ts';

/** Everything that runs between start and stop. */
export interface Parts {
  readonly config: Config;
  readonly knex: Knex;
  readonly records: Records;
  readonly store: ArchiveStore;
  readonly queue: JobQueue;
  readonly requests: Requests;
  readonly show: HandlerDeps;
  sweep(dryRun: boolean): Promise<SweepReport>;
  stop(deadlineMs: number): Promise<void>;
}

export interface PartsInput {
  readonly config: Config;
  readonly portal: Portal;
  readonly roles: readonly Role[];
  tell(event: ArchiveEvent): void;
}

/** Stages of other machines are dropped when they are older than any attempt can last. */
const STAGE_MAX_MS = 24 * 3600 * 1000;

/**
 * Probe → migrate → store → queue → work → schedule. What was opened before something fails is closed again, in
 * reverse; `stop` does the same.
 */
export async function createParts(input: PartsInput): Promise<Parts> {
  const { config, portal, roles } = input;
  const { logger } = portal;
  const now = portal.now ?? (() => new Date());
  const opened: ((deadlineMs: number) => Promise<void>)[] = [];
  const stop = async (deadlineMs: number) => {
    for (const close of opened.splice(0).reverse())
      await close(deadlineMs).catch((error: unknown) =>
        logger.warn({ error: String(error) }, 'a part did not stop cleanly'),
      );
  };
  try {
    const knex = portal.database ?? openDatabase(config.databaseUrl);
    const tables = createRecords({
      knex,
      schema: config.schema,
      writeBack: portal.catalog.writeBack.bind(portal.catalog),
      ownsKnex: !portal.database,
    });
    opened.push(() => tables.close());
    await tables.ping();
    await portal.check?.();
    await migrate(knex, config, 'up');
    const store = createStore(config);
    await store.open();
    await store.dropStages(STAGE_MAX_MS);
    opened.push(() => store.close());

    const owner = `${hostname()} ${process.pid} ${randomUUID()}`;
    const queue = new AgendaQueue({
      mongodbUrl: config.mongodbUrl,
      connection: await connectionOf(knex),
      queueName: config.queueName,
      pollMs: config.queuePollMs,
      concurrency: config.concurrency,
      lockMs: config.leaseMs,
      logger,
    });
    const records = announcing(tables, { config, queueName: queue.name, tell: input.tell, now, logger });
    const requests = createRequests({ catalog: portal.catalog, records, queue, hostOf, now, logger });
    const sweep = new Sweep({ catalog: portal.catalog, records, queue, hostOf, now, owner, logger });
    const common = { ...input, records, store, queue, now, owner };
    opened.push((deadlineMs) => queue.stop(deadlineMs));
    if (roles.includes('worker')) opened.push(...(await startWork(common)));
    else await queue.start(null);
    if (roles.includes('scheduler') && config.sweepCron !== '') {
      const schedule = new Schedule(config.sweepCron, () => sweep.run(), logger);
      opened.push(() => schedule.stop());
    }
    return {
      config,
      knex,
      records,
      store,
      queue,
      requests,
      show: showPartsOf({ ...common, requests }),
      sweep: (dryRun) => sweepReport(sweep, dryRun),
      stop,
    };
  } catch (error) {
    await stop(config.stopDeadlineMs);
    throw error;
  }
}

interface Common extends PartsInput {
  readonly records: Records;
  readonly store: ArchiveStore;
  readonly queue: JobQueue;
  readonly owner: string;
  now(): Date;
}

/** The worker: relay, leases, fetchers, jobs. Answers how to stop each, in the order in which they were started. */
async function startWork(common: Common): Promise<((deadlineMs: number) => Promise<void>)[]> {
  const { config, portal, records, store, queue, owner, now, tell } = common;
  const { logger } = portal;
  const identity = { site: portal.urls.site };
  const local = createLocalRetriever(config, identity);
  const threaded = createThreadedRetriever(config, identity);
  const recorder = new GroupedRecorder(records.archivals);
  const webhooks = openWebhooks(config, records, now, logger);
  const reader = new ResourceReader(portal.catalog);
  const describe = (resourceId: string) => reader.read(resourceId);
  const journeyParts = { describe, config, portal, records, recorder, store, queueName: queue.name, now, tell };
  const priority: Journey = createJourney(journeyParts, local);
  const bulk: Journey = createJourney(journeyParts, threaded);
  const keeper = new LeaseRenewal({ archivals: records.archivals, leaseMs: config.leaseMs, now, logger });
  const pressure = new ResourcePressure({ config, store, leases: records.leases, owner, logger });
  const limitsFor = hostLimitsOf(config);
  const { archivals, hosts } = records;
  const { concurrency, leaseMs } = config;
  const line = new HostQueue({ hosts, limitsFor, owner, concurrency, leaseMs, now, logger });
  const batch = createHostBatch({
    archivals,
    hosts,
    limitsFor,
    archive: (leases, signal) => archiveTogether(leases, bulk, { archivals, keeper, store, logger }, signal),
    pauseMs: () => pressure.pauseMs(),
    owner,
    leaseMs,
    largestSlice: 100,
    now,
  });
  const relay = new OutboxRelay({
    catalog: portal.catalog,
    records,
    queue,
    hostOf,
    onDeleted: (resourceIds) => forgetResources(resourceIds, common),
    owner,
    now,
    logger,
  });
  keeper.start();
  webhooks.start();
  await queue.start(createJobHandlers({ archivals, keeper, line, priority, batch, owner, leaseMs, now, logger }));
  await relay.start();
  const tidying = setInterval(() => void dropStages(common), leaseMs).unref();
  return [
    () => local.close(),
    () => threaded.close(),
    () => webhooks.stop(),
    async () => keeper.stop(),
    async () => clearInterval(tidying),
    (deadlineMs) => queue.stop(deadlineMs),
    () => relay.stop(),
  ];
}

/** What dead workers of this machine left behind; it need not wait until somebody starts again. */
async function dropStages({ store, portal: { logger } }: Common): Promise<void> {
  await store.dropStages(STAGE_MAX_MS).catch((error: unknown) => {
    logger.warn({ error: messageOf(error) }, 'stages could not be dropped');
  });
}

async function sweepReport(sweep: Sweep, dryRun: boolean): Promise<SweepReport> {
  if (dryRun) return { runId: null, ...(await sweep.plan()) };
  const nothing = { runId: null, missing: 0, changed: 0, due: 0, hosts: 0 };
  const unasked = { bytes: null, fullRequests: null, fullBytes: null, fullHosts: null };
  return { ...nothing, ...(await sweep.run()), ...unasked };
}
