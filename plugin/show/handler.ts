import express, { type Express, type Request, type Response } from 'express';
import { ArchiverError } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import { ADMIN_ANSWERS } from './admin/adminAnswers.ts';
import { pageHeaders } from './admin/problemPages.ts';
import { showBadge } from './badge/badgeRoutes.ts';
import { sendStatusScript } from './badge/statusScript.ts';
import { CKAN_ANSWERS } from './ckan/ckanRoutes.ts';
import { readCopy } from './copyRoutes.ts';
import { showDatasetFeed, showFeed } from './feeds.ts';
import type { HandlerDeps } from './HandlerDeps.ts';
import { listResourceAttempts, listResourceEvents } from './historyRoutes.ts';
import { listHosts, listOrganisations, listResources } from './list/listAnswers.ts';
import { beginMail, endMail, showSubscription } from './mail/mailPages.ts';
import { showMetrics } from './metrics.ts';
import { openApi } from './openapi.ts';
import { notFound, onError, onlyFor } from './problem.ts';
import { answerApplied, answerDismissed } from './proposal/proposalAnswers.ts';
import { showQuality } from './quality/qualityRoute.ts';
import { readForm, readJson, refuseForeignSites, refuseLongBodies } from './refusals.ts';
import {
  archiveDataset,
  archiveResource,
  cancelRun,
  listRuns,
  showDataset,
  showResource,
  showRun,
} from './requestRoutes.ts';
import { ROUTES, type RouteId } from './routes.ts';

type Answer = (deps: HandlerDeps, request: Request, response: Response) => Promise<void> | void;

/** What answers each route of the table once the plugin is started. */
const ANSWERS: Readonly<Record<Exclude<RouteId, 'isLive'>, Answer>> = {
  archiveDataset,
  archiveResource,
  listRuns,
  showRun,
  cancelRun,
  listResources,
  listHosts,
  listOrganisations,
  applyProposal: answerApplied,
  dismissProposal: answerDismissed,
  showResource,
  badgePicture: (deps, request, response) => showBadge('svg', deps, request, response),
  badgeData: (deps, request, response) => showBadge('json', deps, request, response),
  badgeSnippet: (deps, request, response) => showBadge('html', deps, request, response),
  statusScript: (_deps, request, response) => sendStatusScript(request, response),
  listResourceEvents,
  listResourceAttempts,
  showDataset,
  readCopy,
  isReady: async (deps, _request, response) => {
    const health = await deps.health();
    response.status(health.ready ? 200 : 503).json(health);
  },
  feedAtom: (deps, request, response) => showFeed('atom', deps, request, response),
  feedJson: (deps, request, response) => showFeed('json', deps, request, response),
  datasetFeedAtom: (deps, request, response) => showDatasetFeed('atom', deps, request, response),
  datasetFeedJson: (deps, request, response) => showDatasetFeed('json', deps, request, response),
  quality: showQuality,
  metrics: showMetrics,
  showMailSubscription: showSubscription,
  endMail,
  beginMail,
  ...CKAN_ANSWERS,
  ...ADMIN_ANSWERS,
  describe: (deps, _request, response) => void response.json(openApi(deps.archiverUrl)),
};

/**
 * Our routes as an Express application of our own, which also runs inside Express 4, Fastify and plain `node:http`.
 * Until the plugin is started `ready` answers null, and every route but `/health/live` answers 503.
 */
export function createHandler(ready: () => HandlerDeps | null, logger: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use((_request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  app.use('/admin', pageHeaders(ready));
  app.use(refuseLongBodies);
  app.use(refuseForeignSites(ready, logger));
  app.use('/admin', readForm);
  app.use('/api/3/action', readJson);
  for (const path of new Set(ROUTES.map((route) => route.path))) addPath(app, path, ready);
  app.use(notFound);
  app.use(onError(logger));
  return app;
}

function addPath(app: Express, path: string, ready: () => HandlerDeps | null): void {
  const route = app.route(path.replace('{key}', '*key').replace(/\{(\w+)\}/g, ':$1'));
  const methods: string[] = [];
  for (const { id, method } of ROUTES.filter((one) => one.path === path)) {
    methods.push(...(method === 'get' ? ['GET', 'HEAD'] : ['POST']));
    route[method]((request, response) => {
      if (id === 'isLive') return void response.json({ status: 'live' });
      return ANSWERS[id](startedOf(ready), request, response);
    });
  }
  route.all(onlyFor(...methods));
}

function startedOf(ready: () => HandlerDeps | null): HandlerDeps {
  const deps = ready();
  if (!deps) throw new ArchiverError('not-started', 'The archiver is not started yet.');
  return deps;
}
