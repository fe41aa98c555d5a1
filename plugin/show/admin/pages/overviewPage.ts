import type { RecentChanges, ReportDay, ReportOverview } from '../../../record/Reports.ts';
import type { Health } from '../../health.ts';
import { reportView } from '../../reportView.ts';
import { answerPage, type ShownTable } from '../answerPage.ts';
import { type Html, html } from '../frame/html.ts';
import { adminPath, withQuery } from '../frame/paths.ts';
import { badge, notice, section, type Tile, tiles } from '../frame/pieces.ts';
import { countText, durationText, NOTHING, plural, sizeText, time } from '../frame/texts.ts';
import { fullListing } from '../table/listing.ts';
import type { Table } from '../table/Table.ts';
import type { Visit } from '../visit.ts';
import { chart } from './charts.ts';
import { LINK_STATES, LINK_TONES, totalOf } from './linkViews.ts';

/** The last 90 days. */
export const DAYS_TABLE: Table<ReportDay> = {
  name: 'days',
  caption: 'The last 90 days, the newest first',
  empty: 'Nothing is known yet.',
  columns: [
    { name: 'day', title: 'Day', type: 'text', value: ({ day }) => day },
    { name: 'newCopies', title: 'New copies', type: 'integer', value: ({ newCopies }) => newCopies },
    {
      ...{ name: 'newBytes', title: 'New bytes', type: 'integer', value: ({ newBytes }) => newBytes },
      show: ({ newBytes }) => sizeText(newBytes),
    },
    { name: 'newlyBroken', title: 'Newly broken', type: 'integer', value: ({ newlyBroken }) => newlyBroken },
    { name: 'recovered', title: 'Recovered', type: 'integer', value: ({ recovered }) => recovered },
    { name: 'broken', title: 'Broken', type: 'integer', value: ({ broken }) => broken },
    {
      ...{ name: 'bytes', title: 'Bytes kept', type: 'integer', value: ({ bytes }) => bytes },
      show: ({ bytes }) => (bytes === null ? NOTHING : sizeText(bytes)),
    },
  ],
};

interface Told {
  readonly overview: ReportOverview;
  readonly health: Health;
  readonly backlog: {
    readonly due: number;
    readonly oldestDueAt: Date | null;
    readonly leased: number;
    readonly lastSuccessAt: Date | null;
  };
  readonly pauses: readonly { readonly owner: string; readonly reason: string }[];
  /** Links for which another URL is proposed. */
  readonly proposed: number;
}

/** Whether the archive is well. */
export async function showOverview(visit: Visit): Promise<void> {
  await visit.requireReport();
  const { records, health } = visit.deps;
  const view = reportView(visit.deps, visit.place.now);
  const [overview, how, backlog, pauses, proposed] = await Promise.all([
    records.reports.overview(view),
    health(),
    records.archivals.backlog(visit.place.now),
    records.leases.pauses(),
    records.reports.countLinks({ proposed: true }, view),
  ]);
  const told = { overview, health: how, backlog, pauses, proposed: proposed ?? 0 };
  await answerPage(visit, {
    title: 'Overview',
    section: 'overview',
    path: [],
    listings: [fullListing(DAYS_TABLE, visit.place, overview.days.toReversed())],
    body: ([days]) => bodyOf(visit, told, days),
  });
}

function bodyOf(visit: Visit, told: Told, days: ShownTable | undefined): Html {
  const { overview } = told;
  return html`${wellbeing(told)}
${tiles(stateTiles(visit, overview))}${proposals(visit, told)}
${section('What changed', changes(overview))}
${section('What is being done', html`${tiles(workTiles(visit, told))}${paused(visit, told)}`)}
${section(
  'The last 90 days',
  html`<div class="charts">
${chart({ title: 'New copies', tone: 'chart', text: countText, bars: overview.days.map(({ day, newCopies }) => ({ day, value: newCopies })) })}
${chart({ title: 'Bytes kept', tone: 'chart', text: sizeText, bars: overview.days.map(({ day, bytes }) => ({ day, value: bytes })) })}
${chart({ title: 'Broken links', tone: 'bad', text: countText, bars: overview.days.map(({ day, broken }) => ({ day, value: broken })) })}
</div><details><summary>The figures as a table</summary>${days?.view ?? null}</details>`,
  days?.formats,
)}`;
}

/** The checks of `/health/ready` that have something to say. */
function wellbeing({ health }: Told): Html {
  const told = Object.entries(health.checks).filter(([, { ok, detail }]) => !ok || detail !== null);
  if (health.ready && told.length === 0) return notice('good', 'All services answer, and work goes on.');
  const lines = told.map(
    ([name, { ok, detail }]) => html`<li>${badge(ok ? 'unsure' : 'bad', name)} ${detail ?? 'It does not answer.'}</li>`,
  );
  const tone = health.ready ? 'unsure' : 'bad';
  return html`<div class="notice ${tone}" role="status"><p>${health.ready ? 'Work goes on.' : 'Something does not work.'}</p><ul class="checks">${lines}</ul></div>`;
}

function stateTiles({ place }: Visit, { links }: ReportOverview): readonly Tile[] {
  const total = totalOf(links);
  const share = (count: number): string => (total === 0 ? '–' : `${((100 * count) / total).toFixed(1)} %`);
  return (['archived', 'broken', 'unsure', 'unfetched'] as const).map((state) => ({
    label: `${LINK_STATES[state].charAt(0).toUpperCase()}${LINK_STATES[state].slice(1)}`,
    value: countText(links[state]),
    note: share(links[state]),
    tone: LINK_TONES[state],
    href: withQuery(adminPath(place, 'links'), { state }),
  }));
}

/** null: none is proposed. */
function proposals({ place }: Visit, { proposed }: Told): Html | null {
  if (proposed === 0) return null;
  const path = withQuery(adminPath(place, 'links'), { proposed: 'yes' });
  const what = plural(proposed, 'link redirects', 'links redirect');
  return notice('plain', html`${what} for good: <a href="${path}">new URLs are proposed</a>.`);
}

function changes({ day, week }: ReportOverview): Html {
  const line = (title: string, name: keyof RecentChanges) =>
    html`<tr role="row"><th role="rowheader" scope="row"><div class="cell">${title}</div></th><td role="cell" class="number" data-title="24 hours"><div class="cell">${countText(day[name])}</div></td><td role="cell" class="number" data-title="7 days"><div class="cell">${countText(week[name])}</div></td></tr>`;
  return html`<div class="table narrow"><table role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col"><span class="hidden">Change</span></th><th role="columnheader" scope="col" class="number">24 hours</th><th role="columnheader" scope="col" class="number">7 days</th></tr></thead>
<tbody role="rowgroup">${line('New copies', 'newCopies')}${line('Newly broken', 'newlyBroken')}${line('Recovered', 'recovered')}</tbody></table></div>`;
}

function workTiles({ place }: Visit, { overview, backlog }: Told): readonly Tile[] {
  const { due, oldestDueAt, leased, lastSuccessAt } = backlog;
  const waits = oldestDueAt && Math.max(0, place.now.getTime() - oldestDueAt.getTime());
  return [
    {
      label: 'Due',
      value: countText(due),
      note: waits === null ? 'nothing waits' : `the oldest for ${durationText(waits)}`,
    },
    {
      label: 'Under way',
      value: countText(leased),
      tone: leased > 0 ? 'busy' : 'plain',
      href: adminPath(place, 'runs'),
    },
    {
      label: 'Last success',
      value: lastSuccessAt ? durationText(place.now.getTime() - lastSuccessAt.getTime()) : '–',
      note: lastSuccessAt ? 'ago' : null,
    },
    { label: 'Copies', value: countText(overview.copies) },
    { label: 'Bytes kept', value: sizeText(overview.bytes) },
  ];
}

const WHY = { asked: 'asked for a pause, or is slow', unreachable: 'no connection can be made' } as const;

/** What is left alone for now, and why. */
function paused({ place }: Visit, { overview, pauses }: Told): Html {
  const workers = pauses.map(
    ({ owner, reason }) => html`<li>${badge('unsure', 'worker')} ${reason} <span class="second">${owner}</span></li>`,
  );
  const hosts = overview.paused.map(
    ({ host, until, reason }) =>
      html`<li>${badge(reason === 'asked' ? 'unsure' : 'bad', 'host')} <a href="${adminPath(place, 'hosts', host)}">${host}</a>: ${WHY[reason]}, until ${time(until, place)}</li>`,
  );
  const more = overview.hostsPaused - overview.paused.length;
  const rest =
    more > 0 ? html`<li><a href="${adminPath(place, 'hosts')}">${countText(more)} more hosts</a></li>` : null;
  if (workers.length + hosts.length === 0) return html`<p class="lead">Nothing is paused.</p>`;
  return html`<h3>Paused</h3><ul class="pauses">${workers}${hosts}${rest}</ul>`;
}
