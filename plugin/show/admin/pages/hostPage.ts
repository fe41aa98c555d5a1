import { ArchiverError } from '../../../errors.ts';
import type { HostStory } from '../../../record/ReportedHosts.ts';
import { reportView } from '../../reportView.ts';
import { answerPage, type ShownTable } from '../answerPage.ts';
import { type Html, html } from '../frame/html.ts';
import { adminPath, withQuery } from '../frame/paths.ts';
import { notice, section, tiles, trail } from '../frame/pieces.ts';
import { countText, durationText, plural, sizeText, time } from '../frame/texts.ts';
import { chosenOf } from '../table/filters.ts';
import { fullListing } from '../table/listing.ts';
import type { Visit } from '../visit.ts';
import { limitRows, limitsOf } from './hostLimits.ts';
import { hostBadges } from './hostsPage.ts';
import { ANSWERS_TABLE, HOST_DAYS_TABLE } from './hostTables.ts';
import { totalOf } from './linkViews.ts';

const DONE = {
  saved: 'The limits are set; they hold from the next request on.',
  cleared: 'The settings hold again.',
} as const;

/** One host: its limits, how it answered, and what is left alone. */
export async function showHost(visit: Visit): Promise<void> {
  await visit.requireReport();
  const host = visit.named('host');
  const story = await visit.deps.records.reports.host(host, reportView(visit.deps, visit.place.now));
  if (!story) throw new ArchiverError('not-found', `Nothing is known of a host ${host}.`);
  const { place } = visit;
  await answerPage(visit, {
    title: host,
    section: 'hosts',
    path: ['hosts', host],
    trail: trail([{ title: 'Hosts', href: adminPath(place, 'hosts') }]),
    listings: [fullListing(ANSWERS_TABLE, place, story.answers), fullListing(HOST_DAYS_TABLE, place, story.days)],
    body: async (tables) => bodyOf(visit, story, tables, await limitForms(visit, story)),
  });
}

/** A form's answer: these limits beat the settings; an empty form sets none. */
export async function setHostLimits(visit: Visit): Promise<void> {
  await visit.requireForm();
  const host = await knownHost(visit);
  const limits = limitsOf((name) => visit.field(name), visit.deps.admin.limitKinds);
  await visit.deps.records.hosts.setLimits(host, limits);
  visit.leadTo(withQuery(adminPath(visit.place, 'hosts', host), { done: limits === null ? 'cleared' : 'saved' }));
}

/** A form's answer: the settings hold again. */
export async function clearHostLimits(visit: Visit): Promise<void> {
  await visit.requireForm();
  const host = await knownHost(visit);
  await visit.deps.records.hosts.setLimits(host, null);
  visit.leadTo(withQuery(adminPath(visit.place, 'hosts', host), { done: 'cleared' }));
}

/** Throws `not-found`: limits of a host that nobody asks would be limits of a misspelt one. */
async function knownHost(visit: Visit): Promise<string> {
  const host = visit.named('host');
  if (await visit.deps.records.reports.host(host, reportView(visit.deps, visit.place.now))) return host;
  throw new ArchiverError('not-found', `Nothing is known of a host ${host}.`);
}

async function limitForms(visit: Visit, { host, override }: HostStory): Promise<Html> {
  const sources = visit.deps.admin.hostLimits(host);
  if (!(await visit.mayChange())) return limitRows(override, sources, false);
  const path = adminPath(visit.place, 'hosts', host);
  const token = await visit.tokenField();
  const clear =
    override === null
      ? null
      : html`<form method="post" action="${path}/clear" data-confirm="Clear the limits that are set here?">${token}<button class="danger" type="submit">Clear what is set here</button></form>`;
  return html`<form method="post" action="${path}/limits">${token}${limitRows(override, sources, true)}
<button type="submit">Set the limits</button></form>${clear}`;
}

function bodyOf(visit: Visit, story: HostStory, [answers, days]: readonly ShownTable[], limits: Html): Html {
  const { place } = visit;
  const done = chosenOf(DONE, visit.asked('done') ?? undefined);
  const part = (table: ShownTable | undefined) => html`${table?.view ?? null}`;
  return html`${done && notice('good', DONE[done])}
<p class="standing">${hostBadges(story, place)}</p>
${figures(story, visit)}
${section('Limits', html`<p class="lead">Limits count for all workers together. What is set here beats the settings.</p>${limits}`)}
${section('Last answers', part(answers), answers?.formats)}
${section('By day and outcome', part(days), days?.formats)}`;
}

function figures(story: HostStory, { place }: Visit): Html {
  const { host, links, meanMs, attempts, bytesToday, deadCount, deadUntil, pausedUntil } = story;
  const href = withQuery(adminPath(place, 'links'), { host });
  const broken = {
    label: 'Broken',
    value: countText(links.broken),
    href,
    tone: links.broken > 0 ? 'bad' : 'plain',
  } as const;
  return tiles([
    {
      label: 'Links',
      value: countText(totalOf(links)),
      href: withQuery(adminPath(place, 'links'), { host, state: 'any' }),
    },
    broken,
    {
      label: 'Latency',
      value: meanMs === null ? '–' : durationText(meanMs),
      note: `${plural(attempts, 'attempt')} in 7 days`,
    },
    { label: 'Read today', value: sizeText(bytesToday) },
    {
      label: 'Retry-After',
      value: pausedUntil ? 'paused' : 'none',
      ...(pausedUntil ? { note: html`until ${time(pausedUntil, place)}` } : {}),
    },
    {
      label: 'Circuit breaker',
      value: deadUntil ? 'open' : 'closed',
      tone: deadUntil ? 'bad' : 'plain',
      note: deadUntil ? html`until ${time(deadUntil, place)}` : plural(deadCount, 'failed connection'),
    },
  ]);
}
