import type { Response } from 'express';
import { ArchiverError } from '../../../errors.ts';
import { requirePermission } from '../../access.ts';
import { assetPath } from '../frame/assets.ts';
import { html } from '../frame/html.ts';
import { adminPath } from '../frame/paths.ts';
import type { Visit } from '../visit.ts';

const ROOT = '/admin/queue/agendash';

/** Agendash, which shows the jobs of either backend; it runs scripts, and looks as it was made, less what few can read or reach. */
export async function showAgendash(visit: Visit): Promise<void> {
  await visit.requireReport();
  const { path } = visit.request;
  // What it loads it names from where it is.
  if (path === ROOT) visit.leadTo(`${adminPath(visit.place, 'queue', 'agendash')}/`);
  else if (path === `${ROOT}/` || path === `${ROOT}/index.html`) await sendMended(visit);
  else await handOver(visit);
}

/** With a style sheet and a script of ours: colours that can be told apart, and names and keys for what had neither. */
async function sendMended({ deps, place, response }: Visit): Promise<void> {
  const { page } = await deps.admin.dashboard();
  const ours = html`<link rel="stylesheet" href="${assetPath(place, 'agendash.css')}">
<script src="${assetPath(place, 'agendash.js')}" type="module"></script>`;
  keepPolicy(response);
  response.type('html').send(page.replace('</head>', () => `${ours}</head>`));
}

/** What its script sends: no form of any site can, and a script of another site is not let. */
export async function changeInAgendash(visit: Visit): Promise<void> {
  requireOwnScript(visit);
  await requirePermission(visit.deps, visit.request, 'archive.admin', { datasetId: null, resourceId: null });
  await handOver(visit);
}

/** Throws `forbidden` for what no script of a page of ours has sent. */
function requireOwnScript({ request, deps }: Visit): void {
  const origin = request.get('origin')?.toLowerCase();
  const isOurs = request.get('sec-fetch-site') === 'same-origin' || (origin !== undefined && deps.origins.has(origin));
  if (isOurs && request.is('application/json') !== false) return;
  throw new ArchiverError('forbidden', 'Only the script of this page sends that.');
}

async function handOver({ request, response, deps }: Visit): Promise<void> {
  const dashboard = await deps.admin.dashboard();
  keepPolicy(response);
  request.url = request.url.slice(ROOT.length);
  const { stopping } = deps.admin;
  const end = () => response.destroy();
  const ended = new Promise<void>((resolve, reject) => {
    response.once('close', resolve);
    stopping.addEventListener('abort', end);
    dashboard.serve(request, response, (error?: unknown) => {
      reject(error ?? new ArchiverError('not-found', 'There is nothing of Agendash there.'));
    });
  });
  await ended.finally(() => stopping.removeEventListener('abort', end));
}

/** Its own policy would let styles be inline, which it does not need; pictures in its style sheet are data URLs. */
function keepPolicy(response: Response): void {
  const policy = String(response.getHeader('Content-Security-Policy') ?? '');
  const { setHeader } = response;
  setHeader.call(response, 'Content-Security-Policy', policy.replace("img-src 'self'", "img-src 'self' data:"));
  response.setHeader = (name, value) =>
    name.toLowerCase() === 'content-security-policy' ? response : setHeader.call(response, name, value);
}
