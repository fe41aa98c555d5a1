import { Eta } from 'eta';
import express, { type NextFunction, type Request, type RequestHandler, type Response, type Router } from 'express';
import type { Archive, Archiver, Run } from 'portal-archiver';
import type { Access } from './access.ts';
import { isClientError, statusOf } from './actionApi.ts';
import type { Action } from './actions.ts';
import { NotAuthorized, NotFound } from './actions.ts';
import type { Catalogue, Dataset, ResourceRow } from './catalogue.ts';
import { type Input, ValidationError } from './fields.ts';
import { datasetPage, listPage } from './pageViews.ts';
import type { Role } from './sessions.ts';

/** What the pages are made of. */
export interface PageParts {
  /** Absolute URL of the portal, as its visitors see it. */
  readonly site: string;
  readonly catalogue: Catalogue;
  readonly archiver: Archiver;
  readonly access: Access;
  readonly actions: Readonly<Record<string, Action>>;
}

const FOLDER = new URL('./views/', import.meta.url).pathname;
const PER_PAGE = 20;

/** Plain pages over the same actions as the API; nothing on them runs a script. */
export function pageRouter(parts: PageParts): Router {
  const eta = new Eta({ views: FOLDER });
  const router = express.Router();
  const show = (request: Request, response: Response, view: string, data: object, status = 200) =>
    response.status(status).send(
      eta.render('layout', {
        view,
        role: parts.access.roleOfCookie(request),
        path: request.originalUrl,
        said: typeof request.query.said === 'string' ? request.query.said : null,
        ...data,
      }),
    );
  const act = (name: string, input: Input, role: Role) => {
    const action = parts.actions[name];
    if (!action) throw new NotFound(`Action ${name}`);
    return action.run(input, role);
  };

  router.use(harden);
  router.use('/style.css', express.static(`${FOLDER}style.css`));
  router.use(readForm(parts.access));
  router.use(refuseForeignForms);

  router.get('/', async (request, response) => {
    const page = Math.max(1, Number.parseInt(String(request.query.page ?? '1'), 10) || 1);
    const text = String(request.query.q ?? '');
    const withPrivate = parts.access.roleOfCookie(request) !== 'anonymous';
    const query = { text, withPrivate, order: 'title asc, name asc', start: (page - 1) * PER_PAGE, rows: PER_PAGE };
    const found = await parts.catalogue.search(query);
    const ids = found.results.flatMap(({ resources }) => resources.map(({ id }) => id));
    show(request, response, 'list', {
      ...listPage(found.results, await parts.archiver.archive.status(ids)),
      ...{ title: 'Datasets', text, page, count: found.count, pages: Math.ceil(found.count / PER_PAGE) },
    });
  });

  router.get('/dataset/:name', async (request, response) => {
    const dataset = await datasetOf(parts, request);
    const { archive } = parts.archiver;
    const ids = dataset.resources.map(({ id }) => id);
    const run = await runOf(request.query.run, dataset, archive.runs);
    const states = await archive.status(ids);
    const versions = await archive.copies(ids);
    const data = datasetPage(dataset, states, versions, (key) => `/archiver/${encodePath(key)}`);
    show(request, response, 'dataset', { ...data, title: dataset.title, run });
  });

  router.get('/login', (request, response) => show(request, response, 'login', { title: 'Sign in', wrong: false }));
  router.post('/login', (request, response) => {
    const cookie = parts.access.signIn(request, textOf(request, 'token').trim());
    if (!cookie) return show(request, response, 'login', { title: 'Sign in', wrong: true }, 403);
    response.cookie(cookie.name, cookie.value, cookieOptions(parts, request));
    return response.redirect(303, '/');
  });
  router.post('/logout', (request, response) => {
    response.clearCookie(parts.access.signOut(request).name, cookieOptions(parts, request));
    response.redirect(303, '/');
  });

  /** A form: shown empty or filled, shown again with what is wrong, and left when it was saved. */
  const form = (path: string, view: 'datasetForm' | 'resourceForm', title: string, edges: FormEdges) => {
    router.get(path, async (request, response) => {
      editorOf(parts, request);
      const [dataset, values] = await edges.load(request);
      show(request, response, view, { title, dataset, values, errors: {} });
    });
    router.post(path, async (request, response) => {
      const role = editorOf(parts, request);
      const [dataset, values] = await edges.load(request);
      try {
        response.redirect(303, await edges.save(request, role));
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        const typed = { ...values, ...request.body };
        show(request, response, view, { title, dataset, values: typed, errors: error.fields }, 409);
      }
    });
  };

  form('/new', 'datasetForm', 'New dataset', {
    load: async () => [null, {}],
    save: async (request, role) => {
      await act('package_create', request.body, role);
      return `/dataset/${textOf(request, 'name')}`;
    },
  });
  form('/dataset/:name/edit', 'datasetForm', 'Edit dataset', {
    load: async (request) => {
      const dataset = await datasetOf(parts, request);
      return [dataset, { ...dataset }];
    },
    save: async (request, role) => {
      const { id } = await datasetOf(parts, request);
      await act('package_patch', { private: false, ...request.body, id }, role);
      return `/dataset/${textOf(request, 'name')}`;
    },
  });
  form('/dataset/:name/new', 'resourceForm', 'New resource', {
    load: async (request) => [await datasetOf(parts, request), {}],
    save: async (request, role) => {
      const dataset = await datasetOf(parts, request);
      await act('resource_create', { ...request.body, id: undefined, package_id: dataset.id }, role);
      return `/dataset/${dataset.name}`;
    },
  });
  form('/dataset/:name/resource/:id', 'resourceForm', 'Edit resource', {
    load: async (request) => {
      const dataset = await datasetOf(parts, request);
      return [dataset, { ...resourceOf(dataset, request) }];
    },
    save: async (request, role) => {
      const dataset = await datasetOf(parts, request);
      await act('resource_patch', { ...request.body, id: resourceOf(dataset, request).id }, role);
      return `/dataset/${dataset.name}`;
    },
  });

  router.post('/dataset/:name/resource/:id/delete', async (request, response) => {
    const role = editorOf(parts, request);
    const dataset = await datasetOf(parts, request);
    await act('resource_delete', { id: resourceOf(dataset, request).id }, role);
    response.redirect(303, `/dataset/${dataset.name}`);
  });

  router.post('/dataset/:name/archive', async (request, response) => {
    const dataset = await datasetOf(parts, request);
    if (parts.access.roleOfCookie(request) !== 'administrator')
      throw new NotAuthorized('Only an administrator may do this.');
    const result = await parts.archiver.archive.requestDataset(dataset.id);
    response.redirect(303, `/dataset/${dataset.name}${result.kind === 'accepted' ? `?run=${result.run.id}` : ''}`);
  });
  router.post('/dataset/:name/resource/:id/archive', async (request, response) => {
    editorOf(parts, request);
    const dataset = await datasetOf(parts, request);
    const result = await parts.archiver.archive.requestResource(resourceOf(dataset, request).id);
    response.redirect(303, `/dataset/${dataset.name}${result.kind === 'accepted' ? `?run=${result.run.id}` : ''}`);
  });

  router.use((request, response) => show(request, response, 'message', { ...missing(request.path) }, 404));
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (error instanceof NotFound) return show(request, response, 'message', missing(request.path), 404);
    if (error instanceof NotAuthorized)
      return show(request, response, 'message', { title: 'Not allowed', message: error.message }, 403);
    if (isClientError(error))
      return show(request, response, 'message', { title: 'Not understood', message: error.message }, statusOf(error));
    return next(error);
  });
  return router;
}

interface FormEdges {
  /** The dataset that the form belongs to, and what it shows. */
  load(request: Request): Promise<readonly [Dataset | null, Input]>;
  /** Answers where to go then. Throws `ValidationError`. */
  save(request: Request, role: Role): Promise<string>;
}

const missing = (path: string) => ({ title: 'Not found', message: `There is nothing at ${path}.` });

const encodePath = (key: string): string => key.split('/').map(encodeURIComponent).join('/');

function textOf({ body }: Request, field: string): string {
  const value: unknown = body?.[field];
  return typeof value === 'string' ? value : '';
}

function editorOf({ access }: PageParts, request: Request): Role {
  const role = access.roleOfCookie(request);
  if (role === 'anonymous') throw new NotAuthorized('Sign in as an editor or administrator.');
  return role;
}

/** What somebody may not see does not exist for them. */
async function datasetOf({ catalogue, access }: PageParts, request: Request): Promise<Dataset> {
  const dataset = await catalogue.dataset(String(request.params.name));
  if (!dataset || (dataset.private && access.roleOfCookie(request) === 'anonymous')) throw new NotFound('Dataset');
  return dataset;
}

/** null: none was asked for. Throws `NotFound` for what is no run of this dataset, so that nobody looks at another's. */
async function runOf(id: unknown, dataset: Dataset, runs: Pick<Archive['runs'], 'get'>): Promise<Run | null> {
  if (typeof id !== 'string') return null;
  const run = id.includes('\0') ? null : await runs.get(id);
  if (run?.datasetId !== dataset.id) throw new NotFound('Run');
  return run;
}

function resourceOf({ resources }: Dataset, request: Request): ResourceRow {
  const resource = resources.find(({ id }) => id === request.params.id);
  if (!resource) throw new NotFound('Resource');
  return resource;
}

function harden(_request: Request, response: Response, next: NextFunction): void {
  response.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  });
  next();
}

/** Before anybody is known little is read. */
function readForm(access: Access): RequestHandler {
  const [few, many] = ['100kb', '1mb'].map((limit) => express.urlencoded({ extended: false, limit }));
  return (request, response, next) =>
    (access.roleOfCookie(request) === 'anonymous' ? few : many)?.(request, response, next);
}

/** Never over a plain connection where the portal has a safe one. */
const cookieOptions = ({ site }: PageParts, request: Request) =>
  ({ httpOnly: true, sameSite: 'strict', path: '/', secure: request.secure || site.startsWith('https:') }) as const;

/** The cookie is SameSite=Strict; this is the second lock on the same door. */
function refuseForeignForms(request: Request, response: Response, next: NextFunction): void {
  const origin = request.get('origin');
  const isForeign = origin !== undefined && origin !== `${request.protocol}://${request.get('host')}`;
  if (request.method === 'POST' && isForeign)
    response.status(403).type('text').send('This form came from another site.');
  else next();
}
