import express, { type Express } from 'express';
import { ArchiverError } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import { addCopyRoutes } from './copyRoutes.ts';
import type { HandlerDeps } from './HandlerDeps.ts';
import { openApi } from './openapi.ts';
import { notFound, onError, onlyFor } from './problem.ts';
import { addRequestRoutes } from './requestRoutes.ts';

/**
 * Our routes as an Express application of our own, which also runs inside Express 4, Fastify and plain `node:http`.
 * Until the plugin is started `ready` answers null, and every route but `/health/live` answers 503.
 */
export function createHandler(ready: () => HandlerDeps | null, logger: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  const deps = () => {
    const parts = ready();
    if (!parts) throw new ArchiverError('not-started', 'The archiver is not started yet.');
    return parts;
  };

  app.use((_request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  app
    .route('/health/live')
    .get((_request, response) => void response.json({ status: 'live' }))
    .all(onlyFor('GET', 'HEAD'));
  app
    .route('/health/ready')
    .get(async (_request, response) => {
      const health = await deps().health();
      response.status(health.ready ? 200 : 503).json(health);
    })
    .all(onlyFor('GET', 'HEAD'));
  app
    .route('/openapi.json')
    .get((_request, response) => void response.json(openApi(deps().archiverUrl)))
    .all(onlyFor('GET', 'HEAD'));
  addRequestRoutes(app, deps);
  addCopyRoutes(app, deps);
  app.use(notFound);
  app.use(onError(logger));
  return app;
}
