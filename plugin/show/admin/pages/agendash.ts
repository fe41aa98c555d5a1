import type { Response } from 'express';
import { ArchiverError } from '../../../errors.ts';
import { requirePermission } from '../../access.ts';
import { adminPath } from '../frame/paths.ts';
import type { Visit } from '../visit.ts';

const ROOT = '/admin/queue/agendash';

/** Agendash, which shows the jobs of either backend; its pages run scripts, and look as it made them. */
export async function showAgendash(visit: Visit): Promise<void> {
  await visit.requireReport();
  // What it loads it names from where it is.
  if (visit.request.path === ROOT) visit.leadTo(`${adminPath(visit.place, 'queue', 'agendash')}/`);
  else await handOver(visit);
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
  const ended = new Promise<void>((resolve, reject) => {
    response.once('close', resolve);
    deps.admin.stopping.addEventListener('abort', () => response.destroy(), { once: true });
    dashboard(request, response, (error?: unknown) => {
      reject(error ?? new ArchiverError('not-found', 'There is nothing of Agendash there.'));
    });
  });
  await ended;
}

/** Its own policy would let styles be inline, which it does not need; pictures in its style sheet are data URLs. */
function keepPolicy(response: Response): void {
  const policy = String(response.getHeader('Content-Security-Policy') ?? '');
  const { setHeader } = response;
  setHeader.call(response, 'Content-Security-Policy', policy.replace("img-src 'self'", "img-src 'self' data:"));
  response.setHeader = (name, value) =>
    name.toLowerCase() === 'content-security-policy' ? response : setHeader.call(response, name, value);
}
