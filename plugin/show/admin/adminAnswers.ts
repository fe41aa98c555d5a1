import type { Request, Response } from 'express';
import type { HandlerDeps } from '../HandlerDeps.ts';
import type { AdminRouteId } from './adminRoutes.ts';
import { sendAsset } from './frame/assets.ts';
import { changeInAgendash, showAgendash } from './pages/agendash.ts';
import { archiveDatasetAgain, showDataset } from './pages/datasetPage.ts';
import { followResource } from './pages/followResource.ts';
import { clearHostLimits, setHostLimits, showHost } from './pages/hostPage.ts';
import { showHosts } from './pages/hostsPage.ts';
import { showLinks } from './pages/linksPage.ts';
import { showOrganisations } from './pages/organisationsPage.ts';
import { showOverview } from './pages/overviewPage.ts';
import { applyToResource, dismissForResource } from './pages/proposalPart.ts';
import { followQueue, showQueue } from './pages/queuePage.ts';
import { archiveResourceNow, showResource } from './pages/resourcePage.ts';
import { cancelRun, followRun, showRun } from './pages/runPage.ts';
import { followRuns, showRuns } from './pages/runsPage.ts';
import { showSettings } from './pages/settingsPage.ts';
import { type Format, Visit } from './visit.ts';

type Answer = (deps: HandlerDeps, request: Request, response: Response) => Promise<void> | void;

const as =
  (show: (visit: Visit) => Promise<void>, format: Format = 'html'): Answer =>
  (deps, request, response) =>
    show(new Visit(deps, request, response, format));

/** What answers each route of the pages. */
export const ADMIN_ANSWERS: Readonly<Record<AdminRouteId, Answer>> = {
  adminStyle: (_deps, request, response) => sendAsset('style.css', request, response),
  adminScript: (_deps, request, response) => sendAsset('script.js', request, response),
  adminIcon: (_deps, request, response) => sendAsset('icon.svg', request, response),
  adminAgendashStyle: (_deps, request, response) => sendAsset('agendash.css', request, response),
  adminAgendashScript: (_deps, request, response) => sendAsset('agendash.js', request, response),
  adminSettings: as(showSettings),
  adminSettingsCsv: as(showSettings, 'csv'),
  adminSettingsJson: as(showSettings, 'json'),
  adminRuns: as(showRuns),
  adminRunsCsv: as(showRuns, 'csv'),
  adminRunsJson: as(showRuns, 'json'),
  adminRunsLive: as(followRuns),
  adminRun: as(showRun),
  adminRunCsv: as(showRun, 'csv'),
  adminRunJson: as(showRun, 'json'),
  adminRunLive: as(followRun),
  adminCancelRun: as(cancelRun),
  adminOverview: as(showOverview),
  adminOverviewCsv: as(showOverview, 'csv'),
  adminOverviewJson: as(showOverview, 'json'),
  adminLinks: as(showLinks),
  adminLinksCsv: as(showLinks, 'csv'),
  adminLinksJson: as(showLinks, 'json'),
  adminOrganisations: as(showOrganisations),
  adminOrganisationsCsv: as(showOrganisations, 'csv'),
  adminOrganisationsJson: as(showOrganisations, 'json'),
  adminHosts: as(showHosts),
  adminHostsCsv: as(showHosts, 'csv'),
  adminHostsJson: as(showHosts, 'json'),
  adminHost: as(showHost),
  adminHostCsv: as(showHost, 'csv'),
  adminHostJson: as(showHost, 'json'),
  adminSetHostLimits: as(setHostLimits),
  adminClearHostLimits: as(clearHostLimits),
  adminAgendash: as(showAgendash),
  adminAgendashPart: as(showAgendash),
  adminAgendashChange: as(changeInAgendash),
  adminQueue: as(showQueue),
  adminQueueCsv: as(showQueue, 'csv'),
  adminQueueJson: as(showQueue, 'json'),
  adminQueueLive: as(followQueue),
  adminResource: as(showResource),
  adminResourceCsv: as(showResource, 'csv'),
  adminResourceJson: as(showResource, 'json'),
  adminResourceLive: as(followResource),
  adminArchiveResource: as(archiveResourceNow),
  adminApplyProposal: as(applyToResource),
  adminDismissProposal: as(dismissForResource),
  adminDataset: as(showDataset),
  adminDatasetCsv: as(showDataset, 'csv'),
  adminDatasetJson: as(showDataset, 'json'),
  adminArchiveDataset: as(archiveDatasetAgain),
};
