import { runProgress } from '../../../decide/runProgress.ts';
import type { Run } from '../../../model/run.ts';
import { CODES } from '../../../model/status.ts';
import { type Html, html } from '../frame/html.ts';
import type { Place } from '../frame/Place.ts';
import { adminPath } from '../frame/paths.ts';
import { badge, progress, type Tone } from '../frame/pieces.ts';
import { countText, durationText, NOTHING } from '../frame/texts.ts';
import type { Column, Table } from '../table/Table.ts';

/** What runs are of, in words. */
export const RUN_KINDS = { resource: 'resource', dataset: 'dataset', all: 'whole portal', sweep: 'sweep' } as const;

/** States of a run, in words. */
export const RUN_STATES = { queued: 'waiting', running: 'running', done: 'done', cancelled: 'cancelled' } as const;

const STATE_TONES: Readonly<Record<Run['state'], Tone>> = {
  queued: 'plain',
  running: 'busy',
  done: 'good',
  cancelled: 'unsure',
};

/** What the colour of an outcome is: archived or unchanged, failed, or neither. */
export function codeTone(code: string): Tone {
  const meaning = Object.entries(CODES).find(([name]) => name === code)?.[1];
  if (meaning === undefined) return 'plain';
  if (meaning.broken === false) return 'good';
  return meaning.broken === true ? 'bad' : 'unsure';
}

/** `Dataset air-quality`, `Sweep`. */
export function runTitle({ kind, subjectId }: Run): string {
  const name = RUN_KINDS[kind];
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return subjectId === null ? title : `${title} ${subjectId}`;
}

/** Whether it still goes on. */
export const isOpen = ({ state }: Run): boolean => state === 'queued' || state === 'running';

/** How it stands, as a badge. */
export const stateBadge = ({ state }: Run): Html => badge(STATE_TONES[state], RUN_STATES[state]);

/** How many of its resources ended well, and how many did not. */
export function endsOf({ counts }: Run): { readonly good: number; readonly other: number } {
  const sums = { good: 0, other: 0 };
  for (const [code, count = 0] of Object.entries(counts)) sums[codeTone(code) === 'good' ? 'good' : 'other'] += count;
  return sums;
}

/** `12 of 40`, with a bar; the total may not be known yet. */
export function progressView(run: Run): Html {
  const { done, total } = run;
  if (total === null) return html`${countText(done)} <span class="second">still counting</span>`;
  const text = html`<span>${countText(done)} of ${countText(total)}</span>`;
  return isOpen(run) ? html`${text}${progress(`Progress of ${runTitle(run)}`, done, total)}` : text;
}

/** How long it has taken so far; null: it has not begun. */
export const durationOf = ({ startedAt, endedAt }: Run, now: Date): number | null =>
  startedAt && (endedAt ?? now).getTime() - startedAt.getTime();

/** `4.2/s`, or `30/min` where it is slower. */
export function rateText(perSecond: number): string {
  if (perSecond >= 1) return `${perSecond >= 100 ? countText(Math.round(perSecond)) : perSecond.toPrecision(2)}/s`;
  return `${(perSecond * 60).toPrecision(2)}/min`;
}

const counted = (run: Run): string =>
  Object.entries(run.counts)
    .map(([code, count]) => `${code} ${count}`)
    .join(', ');

const time = (name: string, title: string | undefined, value: (run: Run) => Date | null): Column<Run> => ({
  ...{ name, type: 'time', value },
  ...(title === undefined ? {} : { title }),
});

/** Runs, as a list. */
export const RUNS_TABLE: Table<Run> = {
  name: 'runs',
  caption: 'Runs, the newest first',
  empty: 'No run is like that.',
  columns: [
    {
      ...{ name: 'id', title: 'Run', type: 'text', value: ({ id }) => id },
      show: (run, place) => html`<a href="${adminPath(place, 'runs', run.id)}">${runTitle(run)}</a>`,
    },
    { name: 'kind', type: 'text', value: ({ kind }) => kind },
    { name: 'subjectId', type: 'text', value: ({ subjectId }) => subjectId },
    { name: 'datasetId', type: 'text', value: ({ datasetId }) => datasetId },
    { name: 'lane', type: 'text', value: ({ lane }) => lane },
    { name: 'state', title: 'State', type: 'text', value: ({ state }) => state, show: stateBadge },
    { name: 'done', title: 'Resources', type: 'integer', value: ({ done }) => done, show: progressView },
    { name: 'total', type: 'integer', value: ({ total }) => total },
    {
      ...{ name: 'failed', title: 'Not archived', type: 'integer', value: (run) => endsOf(run).other },
    },
    { name: 'counts', type: 'text', value: counted },
    time('createdAt', 'Asked for', ({ createdAt }) => createdAt),
    time('startedAt', undefined, ({ startedAt }) => startedAt),
    time('endedAt', undefined, ({ endedAt }) => endedAt),
    {
      ...{ name: 'perSecond', title: 'Rate', type: 'number', value: (run) => runProgress(run, new Date()).perSecond },
      show: (run, { now }) => rateOf(run, now),
    },
    {
      ...{ name: 'ms', title: 'Took', type: 'integer', value: (run) => durationOf(run, new Date()) },
      show: (run, place) => tookOf(run, place),
    },
  ],
};

function rateOf(run: Run, now: Date): Html {
  const { perSecond } = runProgress(run, now);
  return perSecond === null ? NOTHING : html`${rateText(perSecond)}`;
}

function tookOf(run: Run, { now }: Place): Html {
  const ms = durationOf(run, now);
  return ms === null ? NOTHING : html`${durationText(ms)}`;
}
