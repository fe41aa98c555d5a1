import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import createKnex, { type Knex } from 'knex';
import type { Logger } from 'pino';
import { type Archiver, createExpressPortal } from 'portal-archiver';
import { Access, type Tokens } from './access.ts';
import { actionRouter } from './actionApi.ts';
import { createActions } from './actions.ts';
import { Catalogue } from './catalogue.ts';
import { PortalHooks } from './hooks.ts';
import { pageRouter } from './pages.ts';

/** What the portal is made of. */
export interface PortalParts {
  readonly knex: Knex;
  readonly archiver: Archiver;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Absolute URL of the portal. */
  readonly site: string;
  readonly tokens: Tokens;
  readonly logger: Logger;
}

/** The portal as an Express application, and its datasets. */
export interface ExamplePortal {
  readonly app: Express;
  readonly catalogue: Catalogue;
}

/** A pool of connections; the caller ends it. */
export const openKnex = (url: string): Knex =>
  createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 20 }, acquireConnectionTimeout: 20_000 });

/** The portal, with the archiver registered and mounted at `/archiver`. Starts nothing. */
export function createPortal({ knex, archiver, settings, site, tokens, logger }: PortalParts): ExamplePortal {
  const app = express();
  app.disable('x-powered-by');
  const hooks = new PortalHooks();
  const catalogue = new Catalogue(knex, hooks);
  const access = new Access(tokens, catalogue);

  archiver.register(
    createExpressPortal({
      knex,
      site,
      name: 'example portal',
      version: '1.0.0',
      logger,
      hooks,
      settings,
      authorize: (request, question) => access.mayArchive(request, question),
      updateUrl: (id, url, { expected }) => catalogue.updateUrl(id, url, expected),
      mount: (handler) => app.use('/archiver', handler),
    }),
  );
  const actions = createActions(catalogue, archiver);
  app.use('/api/3/action', actionRouter(actions, access, logger));
  app.use(pageRouter({ site, catalogue, archiver, access, actions }));
  app.use((error: Error, request: Request, response: Response, _next: NextFunction) => {
    logger.error({ path: request.path, error: error.message }, 'a request failed');
    response.status(500).type('text').send('Something went wrong; the log says what.\n');
  });
  return { app, catalogue };
}
