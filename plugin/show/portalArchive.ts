import { isBroken } from '../decide/isBroken.ts';
import { ArchiverError } from '../errors.ts';
import type { Digests } from '../mail/digests.ts';
import type { Archival } from '../model/archival.ts';
import type { LaneState } from '../model/laneState.ts';
import { CODES } from '../model/status.ts';
import type { Records } from '../record/Records.ts';
import type { Requester, RequestResult, Requests } from '../trigger/Requests.ts';
import type { SweepReport } from '../trigger/SweepReport.ts';
import type { AttemptTotals } from '../work/attemptTally.ts';
import type { RecoveredCopies } from '../work/recoverCopies.ts';
import type { Relocation } from '../work/relocateCopies.ts';
import type { Archive, ArchiveHosts, ArchiveMail, ArchiveOverview, ArchiveRuns, ResourceStatus } from './Archive.ts';
import type { ArchiveReports } from './ArchiveReports.ts';
import { archiverBlocks } from './ckan/archiverBlocks.ts';
import { confirmedOutcomeOf, lastAttemptOf } from './lastAttempt.ts';
import { portalReports } from './report/portalReports.ts';

/** What the archive is read from and asked by. */
export interface ArchiveDeps {
  readonly records: Pick<
    Records,
    | 'archivals'
    | 'copies'
    | 'runs'
    | 'hosts'
    | 'taskStatus'
    | 'outbox'
    | 'leases'
    | 'addresses'
    | 'identities'
    | 'reports'
    | 'mails'
  >;
  readonly requests: Requests;
  relocate(dryRun: boolean): Promise<Relocation>;
  readonly sweep: { report(options: { readonly dryRun: boolean }): Promise<SweepReport> };
  /** null: mail is not set up. */
  readonly digests: Pick<Digests, 'preview' | 'run'> | null;
  readonly tally: { readonly totals: AttemptTotals };
  readonly config: { readonly confirmFailures: number };
  readonly handlerDeps: Parameters<typeof archiverBlocks>[0] & { readonly portal: { readonly site: string } };
  adoptStore(): Promise<RecoveredCopies>;
  lanes(): Promise<readonly LaneState[]>;
  now(): Date;
}

const HOLDERS = 10;
const NOBODY: Requester = { caller: null, idempotencyKey: null };

/** The archive of a plugin that may be started later, stopped and started again. */
export class PortalArchive implements Archive {
  readonly runs: ArchiveRuns;
  readonly hosts: ArchiveHosts;
  readonly reports: ArchiveReports;
  readonly mail: ArchiveMail;
  readonly #deps: () => ArchiveDeps;

  /** `deps` throws `ArchiverError('not-started')` while there are none. */
  constructor(deps: () => ArchiveDeps) {
    this.#deps = deps;
    this.runs = {
      get: async (id) => deps().records.runs.get(id),
      list: async (limit) => deps().records.runs.list(limit),
      cancel: async (id) => deps().records.runs.cancel(id, deps().now()),
    };
    this.hosts = {
      list: async (limit) => deps().records.hosts.list(limit),
      get: async (host) => deps().records.hosts.get(host),
      setLimits: async (host, limits) => deps().records.hosts.setLimits(host, limits),
    };
    this.mail = {
      due: async () => digestsOf(deps()).preview(),
      send: async () => digestsOf(deps()).run(),
    };
    this.reports = portalReports(() => {
      const { records, config, handlerDeps, now } = deps();
      const { confirmFailures } = config;
      return { reports: records.reports, view: { confirmFailures, site: handlerDeps.portal.site, now: now() } };
    });
  }

  async status(resourceIds: readonly string[]): Promise<readonly ResourceStatus[]> {
    const { records, config } = this.#deps();
    const archivals = await records.archivals.getMany(resourceIds);
    return archivals.map((archival) => statusOf(archival, config.confirmFailures));
  }

  async archiverBlocks(resourceIds: readonly string[]) {
    return archiverBlocks(this.#deps().handlerDeps, resourceIds);
  }

  async copies(resourceIds: readonly string[]) {
    return this.#deps().records.copies.listByResources(resourceIds);
  }

  async taskStatus(of: { readonly id: string } | { readonly resourceId: string }) {
    const { taskStatus } = this.#deps().records;
    return 'id' in of ? taskStatus.byId(of.id) : taskStatus.get(of.resourceId);
  }

  async overview(): Promise<ArchiveOverview> {
    const { records, config, now, lanes: laneStates } = this.#deps();
    const [lanes, heldBy, counts, backlog, saves, pauses, earlierAddresses, storeConflict, mail] = await Promise.all([
      laneStates(),
      records.hosts.holders(HOLDERS),
      records.archivals.countByCode(config.confirmFailures),
      records.archivals.backlog(now()),
      records.outbox.backlog(),
      records.leases.pauses(),
      records.addresses.earlier(),
      records.identities.conflict(),
      records.mails.state(),
    ]);
    return { lanes, heldBy, counts, backlog, saves, pauses, earlierAddresses, storeConflict, mail };
  }

  async requestResource(id: string, by = NOBODY): Promise<RequestResult> {
    return this.#deps().requests.resource(id, by);
  }

  async requestDataset(idOrName: string, by = NOBODY): Promise<RequestResult> {
    return this.#deps().requests.dataset(idOrName, by);
  }

  async requestAll(by = NOBODY): Promise<RequestResult> {
    return this.#deps().requests.all(by);
  }

  async relocate({ dryRun }: { readonly dryRun: boolean }): Promise<Relocation> {
    return this.#deps().relocate(dryRun);
  }

  async sweep(options: { readonly dryRun: boolean }): Promise<SweepReport> {
    return this.#deps().sweep.report(options);
  }

  async adoptStore(): Promise<RecoveredCopies> {
    return this.#deps().adoptStore();
  }

  totals(): AttemptTotals {
    return this.#deps().tally.totals;
  }
}

function statusOf(archival: Archival, confirmFailures: number): ResourceStatus {
  const { code } = archival;
  return {
    resourceId: archival.resourceId,
    datasetId: archival.datasetId,
    url: archival.url,
    code,
    status: code && CODES[code].status,
    reason: archival.reason,
    broken: isBroken(archival, confirmFailures),
    lastAttempt: lastAttemptOf(archival),
    confirmed: confirmedOutcomeOf(archival, confirmFailures),
    pending: archival.requestSeq > archival.doneSeq,
    attempts: archival.attempts,
    failureCount: archival.failureCount,
    firstFailureAt: archival.firstFailureAt,
    lastSuccessAt: archival.lastSuccessAt,
    checkedAt: archival.checkedAt,
    nextCheckAt: archival.nextCheckAt,
    finalUrl: archival.finalUrl,
    moved: archival.moved,
  };
}

function digestsOf({ digests }: ArchiveDeps): Pick<Digests, 'preview' | 'run'> {
  if (digests) return digests;
  throw new ArchiverError('settings-invalid', 'Mail needs ARCHIVER_MAIL_SMTP_URL and ARCHIVER_MAIL_FROM.');
}
