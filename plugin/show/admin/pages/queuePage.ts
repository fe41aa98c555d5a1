import type { QueuedJob } from '../../../job/JobQueue.ts';
import { answerPage } from '../answerPage.ts';
import { followChanges } from '../followChanges.ts';
import { html } from '../frame/html.ts';
import { adminPath } from '../frame/paths.ts';
import { badge, type Tone, tiles } from '../frame/pieces.ts';
import { countText } from '../frame/texts.ts';
import { chosenOf, type Filter, filteredBy, filterForm } from '../table/filters.ts';
import { listing } from '../table/listing.ts';
import type { Table } from '../table/Table.ts';
import type { Visit } from '../visit.ts';

const STATES = { running: 'running', waiting: 'waiting', failed: 'failed' } as const;

const KINDS = { resource: 'resources', host: 'hosts' } as const;

const TONES: Readonly<Record<QueuedJob['state'], Tone>> = { running: 'busy', waiting: 'plain', failed: 'bad' };

/** What narrows the list. */
export const JOB_FILTERS: readonly Filter[] = [
  { name: 'state', description: 'A state of jobs.', label: 'State', kind: 'choice', choices: Object.entries(STATES) },
  { name: 'kind', description: 'What jobs are of.', label: 'Of', kind: 'choice', choices: Object.entries(KINDS) },
];

/** A job, and where in the list it stands. */
interface ListedJob extends QueuedJob {
  readonly place: number;
}

/** Jobs of the queue, wherever it lies. */
export const JOBS_TABLE: Table<ListedJob> = {
  name: 'jobs',
  caption: 'Jobs of the queue',
  empty: 'No job is like that.',
  columns: [
    {
      ...{ name: 'key', title: 'Of', type: 'text', value: ({ key }) => key },
      show: ({ kind, key }, place) =>
        html`<a href="${adminPath(place, kind === 'host' ? 'hosts' : 'resources', key)}">${key}</a><span class="second">${kind}</span>`,
    },
    { name: 'kind', type: 'text', value: ({ kind }) => kind },
    {
      ...{ name: 'state', title: 'State', type: 'text', value: ({ state }) => state },
      show: ({ state }) => badge(TONES[state], STATES[state]),
    },
    { name: 'startsAt', title: 'Starts', type: 'time', value: ({ startsAt }) => startsAt },
    { name: 'startedAt', title: 'Started last', type: 'time', value: ({ startedAt }) => startedAt },
    { name: 'failures', title: 'Failures', type: 'integer', value: ({ failures }) => failures },
    { name: 'failedAt', title: 'Failed last', type: 'time', value: ({ failedAt }) => failedAt },
    { name: 'reason', title: 'Why', type: 'text', value: ({ reason }) => reason },
  ],
};

/** What is queued, what runs and what has failed for good. */
export async function showQueue(visit: Visit): Promise<void> {
  await visit.requireReport();
  const { queue } = visit.deps.admin;
  const filtered = filteredBy(JOB_FILTERS, visit.request);
  const filter = { kind: chosenOf(KINDS, filtered['kind']), state: chosenOf(STATES, filtered['state']) };
  await answerPage(visit, {
    title: 'Queue',
    section: 'queue',
    path: ['queue'],
    live: adminPath(visit.place, 'queue', 'live'),
    tools: html`<a class="button quiet" href="${adminPath(visit.place, 'queue', 'agendash')}/">Agendash</a>`,
    listings: [
      listing(JOBS_TABLE, visit.place, {
        read: async ({ after, limit }) => {
          const skip = after !== null && /^\d{1,9}$/.test(after) ? Number(after) : 0;
          const jobs = (await queue.list?.({ ...filter, skip, limit })) ?? [];
          return jobs.map((job, at) => ({ ...job, place: skip + at + 1 }));
        },
        nameOf: ({ place }) => String(place),
      }),
    ],
    filtered,
    body: async ([
      table,
    ]) => html`<p class="lead">Jobs lie in <code>${queue.name}</code>. Each resource has at most one that waits, and each publisher's host
one for all that is due there.</p>
<div data-part="counts">${await figures(visit)}</div>
${filterForm(JOB_FILTERS, filtered, adminPath(visit.place, 'queue'), null)}
<p class="beside">${table?.formats ?? null}</p>
<div data-part="jobs">${table?.view ?? null}</div>`,
  });
}

/** Says when the counts of the queue have changed. */
export async function followQueue(visit: Visit): Promise<void> {
  await visit.requireReport();
  const { queue } = visit.deps.admin;
  await followChanges(visit, async () => ({ state: await queue.counts(), hasEnded: false }));
}

async function figures({ deps }: Visit) {
  const { waiting, running, failed } = await deps.admin.queue.counts();
  return tiles([
    { label: 'Running', value: countText(running), tone: running > 0 ? 'busy' : 'plain' },
    { label: 'Waiting', value: countText(waiting) },
    { label: 'Failed for good', value: countText(failed), tone: failed > 0 ? 'bad' : 'plain' },
  ]);
}
