import type { Run } from '../../../model/run.ts';
import { answerPage } from '../answerPage.ts';
import { followChanges } from '../followChanges.ts';
import { html } from '../frame/html.ts';
import { adminPath } from '../frame/paths.ts';
import { chosenOf, type Filter, filteredBy, filterForm } from '../table/filters.ts';
import { listing } from '../table/listing.ts';
import type { Visit } from '../visit.ts';
import { isOpen, RUN_KINDS, RUN_STATES, RUNS_TABLE } from './runViews.ts';

/** What narrows the list. */
export const RUN_FILTERS: readonly Filter[] = [
  {
    name: 'state',
    description: 'A state of runs.',
    label: 'State',
    kind: 'choice',
    choices: Object.entries(RUN_STATES),
  },
  { name: 'kind', description: 'A kind of runs.', label: 'Of', kind: 'choice', choices: Object.entries(RUN_KINDS) },
];

/** Of these the page follows what becomes of them. */
const FOLLOWED = 100;

/** What was asked for, and how far it is. */
export async function showRuns(visit: Visit): Promise<void> {
  await visit.requireReport();
  const filtered = filteredBy(RUN_FILTERS, visit.request);
  const filter = { kind: chosenOf(RUN_KINDS, filtered['kind']), state: chosenOf(RUN_STATES, filtered['state']) };
  const { operatorViews } = visit.deps.records;
  const path = adminPath(visit.place, 'runs');
  await answerPage(visit, {
    title: 'Runs',
    section: 'runs',
    path: ['runs'],
    live: adminPath(visit.place, 'runs', 'live'),
    listings: [
      listing(RUNS_TABLE, visit.place, { read: (part) => operatorViews.runs(filter, part), nameOf: ({ id }) => id }),
    ],
    filtered,
    body: ([
      table,
    ]) => html`<p class="lead">What requests and sweeps have started. A run ends when each of its resources has been asked for.</p>
${filterForm(RUN_FILTERS, filtered, path, null)}
<p class="beside">${table?.formats ?? null}</p>
<div data-part="runs">${table?.view ?? null}</div>`,
  });
}

/** Says when the list of runs has changed. */
export async function followRuns(visit: Visit): Promise<void> {
  await visit.requireReport();
  const { operatorViews } = visit.deps.records;
  await followChanges(visit, async () => {
    const runs = await operatorViews.runs({ kind: null, state: null }, { after: null, limit: FOLLOWED });
    return { state: runs.map(progressOf), hasEnded: false };
  });
}

/** What of a run changes. */
const progressOf = (run: Run) => [run.id, run.state, run.done, run.total, isOpen(run)];
