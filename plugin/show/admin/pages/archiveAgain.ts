import { ArchiverError } from '../../../errors.ts';
import type { RequestResult } from '../../../trigger/Requests.ts';
import type { Subject } from '../../access.ts';
import { type Html, html } from '../frame/html.ts';
import { adminPath, withQuery } from '../frame/paths.ts';
import { notice } from '../frame/pieces.ts';
import type { Visit } from '../visit.ts';

/** The button of a page that archives what it shows; null: not for the caller. */
export async function archiveButton(visit: Visit, path: string, text: string, subject: Subject): Promise<Html | null> {
  if (!(await visit.mayChange(subject))) return null;
  return html`<form method="post" action="${path}/archive">${await visit.tokenField()}<button type="submit">${text}</button></form>`;
}

/** After the form: the page again, with the run that the request started. */
export function leadToRequested(visit: Visit, path: string, result: RequestResult): void {
  if (result.kind !== 'accepted') throw new ArchiverError('not-found', 'It left the portal meanwhile.');
  visit.leadTo(withQuery(path, { run: result.run.id }));
}

/** What the page says then; null: nothing was asked for. */
export async function requestedNotice(visit: Visit): Promise<Html | null> {
  const id = visit.asked('run');
  const run = id === null ? null : await visit.deps.records.runs.get(id);
  if (run === null) return null;
  const path = adminPath(visit.place, 'runs', run.id);
  return notice('busy', html`It is archived again: <a href="${path}">how far that is</a>.`);
}
