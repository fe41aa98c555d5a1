import { runProgress } from '../../../decide/runProgress.ts';
import { ArchiverError } from '../../../errors.ts';
import type { Run } from '../../../model/run.ts';
import type { RunScope } from '../../../record/OperatorViews.ts';
import { answerPage, type ShownTable } from '../answerPage.ts';
import { followChanges } from '../followChanges.ts';
import { type Html, html } from '../frame/html.ts';
import type { Place } from '../frame/Place.ts';
import { adminPath, withQuery } from '../frame/paths.ts';
import { badge, factList, notice, progress, section, tiles, trail } from '../frame/pieces.ts';
import { countText, durationText, plural, time } from '../frame/texts.ts';
import { fullListing, listing } from '../table/listing.ts';
import type { Table } from '../table/Table.ts';
import type { Visit } from '../visit.ts';
import { FAILED_TABLE } from './failedTable.ts';
import { codeTone, durationOf, endsOf, isOpen, RUN_STATES, rateText, runTitle, stateBadge } from './runViews.ts';

interface CodeCount {
  readonly code: string;
  readonly count: number;
}

/** How the resources of a run ended. */
export const COUNTS_TABLE: Table<CodeCount> = {
  name: 'counts',
  caption: 'Resources by outcome',
  empty: 'None has ended yet.',
  columns: [
    {
      ...{ name: 'code', title: 'Outcome', type: 'text', value: ({ code }) => code },
      show: ({ code }) => badge(codeTone(code), code),
    },
    { name: 'count', title: 'Resources', type: 'integer', value: ({ count }) => count },
  ],
};

/** One run: how far it is, how its resources ended, and what was not archived. */
export async function showRun(visit: Visit): Promise<void> {
  const run = await runOf(visit);
  const { place, deps } = visit;
  const { operatorViews } = deps.records;
  const counts = Object.entries(run.counts).map(([code, count = 0]) => ({ code, count }));
  const failed = (part: Parameters<typeof operatorViews.failed>[1]) => operatorViews.failed(scopeOf(run, place), part);
  await answerPage(visit, {
    title: runTitle(run),
    section: 'runs',
    path: ['runs', run.id],
    trail: trail([{ title: 'Runs', href: adminPath(place, 'runs') }]),
    ...(isOpen(run) ? { live: adminPath(place, 'runs', run.id, 'live') } : {}),
    listings: [
      fullListing(
        COUNTS_TABLE,
        place,
        counts.toSorted((one, other) => other.count - one.count),
      ),
      listing(FAILED_TABLE, place, { read: failed, nameOf: ({ resourceId }) => resourceId }),
    ],
    body: async (tables) => bodyOf(visit, run, tables, await cancelForm(visit, run)),
  });
}

/** Says when the run has changed, until it has ended. */
export async function followRun(visit: Visit): Promise<void> {
  const { id } = await runOf(visit);
  await followChanges(visit, async () => {
    const run = await visit.deps.records.runs.get(id);
    return { state: run && [run.state, run.done, run.total], hasEnded: run === null || !isOpen(run) };
  });
}

/** A form's answer: what has not begun is not begun for this run any more. */
export async function cancelRun(visit: Visit): Promise<void> {
  await visit.requireForm();
  const { records, now } = visit.deps;
  const run = await records.runs.cancel(visit.named('id'), now());
  if (!run) throw new ArchiverError('not-found', `There is no run ${visit.named('id')}.`);
  visit.leadTo(withQuery(adminPath(visit.place, 'runs', run.id), { done: 'cancelled' }));
}

/** Throws `not-found`, and `forbidden` where the caller may see no reports. */
async function runOf(visit: Visit): Promise<Run> {
  const id = visit.named('id');
  await visit.requireReport();
  const run = await visit.deps.records.runs.get(id);
  if (!run) throw new ArchiverError('not-found', `There is no run ${id}; runs are dropped some time after they end.`);
  return run;
}

/** What was asked for while it went on; a run knows no more of its resources once they have ended. */
function scopeOf(run: Run, { now }: Place): RunScope {
  const { kind, subjectId, datasetId, createdAt, endedAt } = run;
  const resourceId = kind === 'resource' ? subjectId : null;
  // It begins with its first record, which is of an archival that was over by then.
  return { from: createdAt, to: endedAt ?? now, datasetId, resourceId };
}

async function cancelForm(visit: Visit, run: Run): Promise<Html | null> {
  if (!isOpen(run) || !(await visit.mayChange())) return null;
  return html`<form method="post" action="${adminPath(visit.place, 'runs', run.id, 'cancel')}"
data-confirm="Cancel this run? What nobody works on yet is not archived for it.">
${await visit.tokenField()}<button class="danger" type="submit">Cancel the run</button></form>`;
}

function bodyOf(visit: Visit, run: Run, [counts, failed]: readonly ShownTable[], cancel: Html | null): Html {
  const { place } = visit;
  const isCancelled = visit.asked('done') === 'cancelled' && run.state === 'cancelled';
  return html`<div data-part="run">${isCancelled ? notice('good', 'The run is cancelled.') : null}
${figures(run, place)}
${factList([
  ['State', stateBadge(run)],
  ['Asked for', time(run.createdAt, place)],
  ['Began', time(run.startedAt, place)],
  ['Ended', time(run.endedAt, place)],
  ['Lane', run.lane],
  ['Dataset', run.datasetId && html`<a href="${adminPath(place, 'datasets', run.datasetId)}">${run.datasetId}</a>`],
])}</div>
${cancel}
<div data-part="counts">${section('By outcome', counts?.view ?? html``, counts?.formats)}</div>
<div data-part="failed">${section(
    'Not archived',
    html`<p class="lead">As they stand now: what has been asked for again since is not among them.</p>
${failed?.view ?? null}`,
    failed?.formats,
  )}</div>`;
}

function figures(run: Run, { now }: Place): Html {
  const { done, total } = run;
  const { perSecond, expectedEndAt } = runProgress(run, now);
  const { good, other } = endsOf(run);
  const took = durationOf(run, now);
  const left = expectedEndAt && Math.max(0, expectedEndAt.getTime() - now.getTime());
  const share = total === null ? 'still counting' : `of ${plural(total, 'resource')}`;
  return html`${isOpen(run) && total !== null ? progress(`Progress of ${runTitle(run)}`, done, total) : null}
${tiles([
  { label: 'Done', value: countText(done), note: share, tone: isOpen(run) ? 'busy' : 'plain' },
  { label: 'Archived or unchanged', value: countText(good), tone: 'good' },
  { label: 'Not archived', value: countText(other), tone: other > 0 ? 'bad' : 'plain' },
  { label: 'Rate', value: perSecond === null ? '–' : rateText(perSecond) },
  isOpen(run)
    ? { label: 'Expected end', value: left === null ? '–' : `in ${durationText(left)}`, note: RUN_STATES[run.state] }
    : { label: 'Took', value: took === null ? '–' : durationText(took) },
])}`;
}
