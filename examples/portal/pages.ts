import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { Archive, RequestResult, Run } from 'portal-archiver';
import { isClientError, statusOf } from './actionApi.ts';
import type { Dataset } from './catalogue.ts';
import { addDatasetForms, addResourceForms } from './pageForms.ts';
import { harden, readForm, refuseForeignForms } from './pageGuards.ts';
import { datasetPage, listPage } from './pageViews.ts';
import { NotAuthorized, NotFound } from './refusals.ts';
import { type PageParts, resourceOf, textOf, VIEWS, Visits } from './visit.ts';

const PER_PAGE = 20;

/** Plain pages over the same actions as the API; nothing on them runs a script. */
export function pageRouter(parts: PageParts): Router {
  const visits = new Visits(parts);
  const router = express.Router();
  router.use(harden);
  router.use('/style.css', express.static(`${VIEWS}style.css`));
  router.use(readForm(parts.access));
  router.use(refuseForeignForms);
  addList(router, visits);
  addDataset(router, visits);
  addSignIn(router, visits);
  addDatasetForms(router, visits);
  addResourceForms(router, visits);
  addArchiving(router, visits);
  addRefusals(router, visits);
  return router;
}

function addList(router: Router, visits: Visits): void {
  const { catalogue, archiver } = visits.parts;
  router.get('/', async (request, response) => {
    const page = Math.max(1, Number.parseInt(String(request.query.page ?? '1'), 10) || 1);
    const text = String(request.query.q ?? '');
    const withPrivate = visits.roleOf(request) !== 'anonymous';
    const query = { text, withPrivate, order: 'title asc, name asc', start: (page - 1) * PER_PAGE, rows: PER_PAGE };
    const found = await catalogue.search(query);
    const ids = found.results.flatMap(({ resources }) => resources.map(({ id }) => id));
    visits.show(request, response, {
      ...{ view: 'list', ...listPage(found.results, await archiver.archive.status(ids)) },
      ...{ title: 'Datasets', text, page, count: found.count, pages: Math.ceil(found.count / PER_PAGE) },
    });
  });
}

function addDataset(router: Router, visits: Visits): void {
  const { archive } = visits.parts.archiver;
  router.get('/dataset/:name', async (request, response) => {
    const dataset = await visits.datasetOf(request);
    const ids = dataset.resources.map(({ id }) => id);
    const run = await runOf(request.query.run, dataset, archive.runs);
    const states = await archive.status(ids);
    const versions = await archive.copies(ids);
    const data = datasetPage(dataset, states, versions, (key) => `/archiver/${encodePath(key)}`);
    visits.show(request, response, { view: 'dataset', ...data, title: dataset.title, run });
  });
}

function addSignIn(router: Router, visits: Visits): void {
  const { access } = visits.parts;
  const page = { view: 'login', title: 'Sign in' };
  router.get('/login', (request, response) => visits.show(request, response, { ...page, wrong: false }));
  router.post('/login', (request, response) => {
    const cookie = access.signIn(request, textOf(request, 'token').trim());
    if (!cookie) return visits.show(request, response, { ...page, status: 403, wrong: true });
    response.cookie(cookie.name, cookie.value, cookieOptions(visits.parts, request));
    return response.redirect(303, '/');
  });
  router.post('/logout', (request, response) => {
    response.clearCookie(access.signOut(request).name, cookieOptions(visits.parts, request));
    response.redirect(303, '/');
  });
}

function addArchiving(router: Router, visits: Visits): void {
  const { archive } = visits.parts.archiver;
  router.post('/dataset/:name/archive', async (request, response) => {
    const dataset = await visits.datasetOf(request);
    if (visits.roleOf(request) !== 'administrator') throw new NotAuthorized('Only an administrator may do this.');
    response.redirect(303, pathAfter(dataset, await archive.requestDataset(dataset.id)));
  });
  router.post('/dataset/:name/resource/:id/archive', async (request, response) => {
    visits.editorOf(request);
    const dataset = await visits.datasetOf(request);
    response.redirect(303, pathAfter(dataset, await archive.requestResource(resourceOf(dataset, request).id)));
  });
}

function addRefusals(router: Router, visits: Visits): void {
  router.use((request, response) => visits.show(request, response, missing(request.path)));
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    const page = refusalOf(error, request);
    return page ? visits.show(request, response, page) : next(error);
  });
}

function refusalOf(error: unknown, request: Request) {
  const view = 'message';
  if (error instanceof NotFound) return missing(request.path);
  if (error instanceof NotAuthorized) return { view, status: 403, title: 'Not allowed', message: error.message };
  if (!isClientError(error)) return null;
  return { view, status: statusOf(error), title: 'Not understood', message: error.message };
}

const missing = (path: string) => {
  return { view: 'message', status: 404, title: 'Not found', message: `There is nothing at ${path}.` };
};

/** The dataset's page, with the run that was started. */
function pathAfter({ name }: Dataset, result: RequestResult): string {
  return `/dataset/${name}${result.kind === 'accepted' ? `?run=${result.run.id}` : ''}`;
}

const encodePath = (key: string): string => key.split('/').map(encodeURIComponent).join('/');

/** null: none was asked for. Throws `NotFound` for what is no run of this dataset, so that nobody looks at another's. */
async function runOf(id: unknown, dataset: Dataset, runs: Pick<Archive['runs'], 'get'>): Promise<Run | null> {
  if (typeof id !== 'string') return null;
  const run = id.includes('\0') ? null : await runs.get(id);
  if (run?.datasetId !== dataset.id) throw new NotFound('Run');
  return run;
}

/** Never over a plain connection where the portal has a safe one. */
const cookieOptions = ({ site }: PageParts, request: Request) =>
  ({ httpOnly: true, sameSite: 'strict', path: '/', secure: request.secure || site.startsWith('https:') }) as const;
