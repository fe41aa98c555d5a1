export type { Archiver, StartOptions, Uninstalled, UninstallOptions, WorkOptions, WorkReport } from './Archiver.ts';
export type { DatasetBlock, ResourceBlock } from './decide/ckan/archiverBlock.ts';
export { datasetBlock } from './decide/ckan/archiverBlock.ts';
export { ArchiverError, type ErrorCode } from './errors.ts';
export type { MailDigest, MailReport } from './mail/Digest.ts';
export type { Attempt, FetchRequest, HeaderMap, Known } from './model/attempt.ts';
export type { Contact } from './model/contact.ts';
export type { Copy } from './model/copy.ts';
export { EVENT_NAMES, type EventName } from './model/event.ts';
export { HOOK_NAMES, type HookName } from './model/hook.ts';
export type { HostLimits } from './model/host.ts';
export type { Logger } from './model/logger.ts';
export type { CountedWords, MailWords } from './model/mailWords.ts';
export type { Dataset, Organisation, Resource } from './model/resource.ts';
export { ROLES, type Role } from './model/role.ts';
export type { Run } from './model/run.ts';
export { CODES, type Code, type CodeMeaning } from './model/status.ts';
export type { WriteBack } from './model/writeBack.ts';
export type { ArchiveEvent, Listener } from './notify/Listener.ts';
export { type CreateOptions, createArchiver } from './plugin.ts';
export { createExpressPortal, type ExpressPortalOptions } from './portal/expressPortal.ts';
export type { HostDatabase, HostTransaction } from './portal/HostDatabase.ts';
export type {
  Action,
  AuthorizationRequest,
  Catalog,
  HookEvent,
  HookListener,
  HookSource,
  Portal,
  PortalInfo,
  PortalUrls,
  Question,
  UrlEdit,
  UrlUpdate,
} from './portal/Portal.ts';
export type { DatasetTable, OrganisationTable, PageTemplates, ResourceTable, TableNames } from './portal/tableNames.ts';
export type { HostStatus } from './record/Hosts.ts';
export type { MailState } from './record/Mails.ts';
export type { HostOrder, HostPage, HostQuery, HostStory, ReportedHost } from './record/ReportedHosts.ts';
export type {
  DatasetWords,
  LinkCopy,
  LinkCounts,
  LinkFilter,
  LinkOrder,
  LinkPage,
  LinkProposal,
  LinkQuery,
  LinkState,
  ReportedLink,
} from './record/ReportedLinks.ts';
export type {
  ReportDay,
  ReportedOrganisation,
  ReportOverview,
  ResourceStory,
  StoredVersion,
} from './record/Reports.ts';
export type { KnownTaskStatus as TaskStatusRow } from './record/TaskStatuses.ts';
export type { Config } from './settings/Config.ts';
export { loadConfig, type SettingSources } from './settings/loadConfig.ts';
export type {
  Archive,
  ArchiveHosts,
  ArchiveMail,
  ArchiveOverview,
  ArchiveRuns,
  ResourceStatus,
} from './show/Archive.ts';
export type { ArchiveReports } from './show/ArchiveReports.ts';
export type { ConfirmedOutcome, LastAttempt } from './show/lastAttempt.ts';
export type { ArchiveStore } from './store/ArchiveStore.ts';
export type { Requester, RequestResult } from './trigger/Requests.ts';
export type { SweepReport } from './trigger/SweepReport.ts';
export type { Refusal, Relocation } from './work/relocateCopies.ts';
