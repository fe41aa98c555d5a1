import { ArchiverError } from '../../../errors.ts';
import type { Proposal } from '../../../model/proposal.ts';
import type { Resource } from '../../../model/resource.ts';
import {
  type AskedProposal,
  applyProposal,
  currentProposal,
  dismissProposal,
  type SettledProposal,
} from '../../proposal/settleProposal.ts';
import { type Html, html } from '../frame/html.ts';
import { adminPath, withQuery } from '../frame/paths.ts';
import { factList, foreignUrl, notice, section } from '../frame/pieces.ts';
import { time } from '../frame/texts.ts';
import { chosenOf } from '../table/filters.ts';
import type { Visit } from '../visit.ts';

const DONE = {
  applied: 'The portal took the new URL.',
  dismissed: 'The URL is dismissed; it is not proposed again.',
} as const;

type Settle = (deps: Visit['deps'], asked: AskedProposal) => Promise<SettledProposal>;

/** A form's answer: the resource has the proposed URL, and is archived again. */
export const applyToResource = (visit: Visit): Promise<void> => settle(visit, applyProposal);

/** A form's answer: the URL is not proposed any more. */
export const dismissForResource = (visit: Visit): Promise<void> => settle(visit, dismissProposal);

async function settle(visit: Visit, how: Settle): Promise<void> {
  const { deps, request, place } = visit;
  const id = visit.named('id');
  const resource = await deps.catalog.getResource(id);
  await visit.requireForm({ datasetId: resource?.datasetId ?? null, resourceId: id });
  if (!resource) throw new ArchiverError('not-found', `There is no resource ${id}.`);
  const who = { by: deps.nameOf(request), caller: deps.caller(request) };
  const { proposal, asked } = await how(deps, { resource, url: visit.field('url') || null, ...who });
  const run = asked?.kind === 'accepted' ? asked.run.id : null;
  visit.leadTo(withQuery(adminPath(place, 'resources', id), { done: proposal.state, run }));
}

/** What the page says once somebody has decided; null: nobody has. */
export function settledNotice(visit: Visit): Html | null {
  const done = chosenOf(DONE, visit.asked('done') ?? undefined);
  return done && notice('good', DONE[done]);
}

/** What is proposed, or was; null: nothing ever. */
export async function proposalPart(
  visit: Visit,
  resource: Resource,
  proposals: readonly Proposal[],
): Promise<Html | null> {
  const current = currentProposal(proposals, resource);
  const seen = proposals.find(({ state, ofUrl }) => state === 'seen' && ofUrl === resource.url);
  const decided = proposals.filter(({ decidedAt }) => decidedAt !== null);
  if (!current && !seen && decided.length === 0) return null;
  const shown = html`${current && (await proposed(visit, resource, current))}${seen && seenOnce(visit, seen)}
${decided.length > 0 ? html`<ul class="decided">${decided.map((one) => decidedLine(visit, one))}</ul>` : null}`;
  return html`<div id="new-url">${section('New URL', shown)}</div>`;
}

async function proposed(visit: Visit, resource: Resource, proposal: Proposal): Promise<Html> {
  const { place } = visit;
  const { url, firstSeenAt, lastSeenAt } = proposal;
  return html`<p class="lead">Permanent redirects lead there from the URL of the resource.</p>
${factList([
  ['Proposed', foreignUrl(url)],
  ['First seen', time(firstSeenAt, place)],
  ['Last seen', time(lastSeenAt, place)],
])}
${await forms(visit, resource, url)}`;
}

async function forms(visit: Visit, { id, datasetId, pageUrl }: Resource, url: string): Promise<Html | null> {
  if (!(await visit.mayChange({ datasetId, resourceId: id }))) return null;
  const path = `${adminPath(visit.place, 'resources', id)}/proposal`;
  const fields = html`${await visit.tokenField()}<input type="hidden" name="url" value="${url}">`;
  const apply = visit.deps.catalog.updateUrl
    ? html`<form method="post" action="${path}/apply">${fields}<button type="submit">Apply</button></form>`
    : toBeCopied(url, pageUrl ?? null);
  return html`<div class="tools">${apply}
<form method="post" action="${path}/dismiss">${fields}<button class="quiet" type="submit">Dismiss</button></form></div>`;
}

/** Where the portal lets only its editors change a URL. */
function toBeCopied(url: string, pageUrl: string | null): Html {
  const where = pageUrl === null ? html`in the portal` : html`in <a href="${pageUrl}">the portal</a>`;
  return html`<div class="field"><label for="proposed-url">To be set ${where}</label>
<input id="proposed-url" type="text" readonly value="${url}"></div>`;
}

const seenOnce = ({ place }: Visit, { url, firstSeenAt }: Proposal): Html =>
  html`<p class="lead">It is proposed once a check at least a day after the first one shows the same.</p>
${factList([
  ['Seen', foreignUrl(url)],
  ['First seen', time(firstSeenAt, place)],
])}`;

function decidedLine({ place }: Visit, { url, state, decidedAt, decidedBy }: Proposal): Html {
  const who = decidedBy === null ? null : html` by ${decidedBy}`;
  return html`<li>${foreignUrl(url)} <span class="second">${state}${who} ${time(decidedAt, place)}</span></li>`;
}
