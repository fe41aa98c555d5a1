import { type CheckReason, checkReason } from '../../../decide/checkReason.ts';
import type { CheckBounds } from '../../../decide/nextCheck.ts';
import { redactUrl } from '../../../decide/redactUrl.ts';
import type { Archival } from '../../../model/archival.ts';
import type { AttemptDetail } from '../../../model/history.ts';
import type { Resource } from '../../../model/resource.ts';
import { type Html, html } from '../frame/html.ts';
import type { Place } from '../frame/Place.ts';
import { adminPath } from '../frame/paths.ts';
import { badge, type Fact, factList, foreignUrl, section } from '../frame/pieces.ts';
import { plural, time } from '../frame/texts.ts';
import { isPending } from './linkViews.ts';

const REASONS: Readonly<Record<CheckReason, string>> = {
  failing: 'It fails; each failure in a row makes the wait longer, up to a week.',
  fresh: 'Its server says that it stays as it is until then.',
  unchanged: 'Nothing new was found; each such check in a row makes the wait longer by half.',
  minimum: 'It changed last time, so it is looked at as soon as ARCHIVER_MIN_CHECK_INTERVAL_MS allows.',
  maximum: 'It could wait longer, but not beyond ARCHIVER_MAX_CHECK_INTERVAL_MS.',
};

/** Why the next check is when it is. */
function whyThen(archival: Archival, bounds: CheckBounds): string {
  const { checkedAt, attempts, code } = archival;
  if (isPending(archival) && attempts > 0 && code !== null) return `Try ${attempts + 1} of what may pass by itself.`;
  if (isPending(archival)) return 'Somebody asked for it; it waits for its turn.';
  return checkedAt === null ? 'It is new.' : REASONS[checkReason({ ...archival, checkedAt, bounds })];
}

/** What is known of a resource at a glance. */
export function resourceFacts(resource: Resource, archival: Archival | null, bounds: CheckBounds, place: Place): Html {
  return factList([
    ['URL', foreignUrl(redactUrl(resource.url))],
    ...(archival ? archivalFacts(archival, bounds, place) : []),
    ['Declared format', resource.format],
  ]);
}

function archivalFacts(archival: Archival, bounds: CheckBounds, place: Place): readonly Fact[] {
  const { host, finalUrl, moved, failureCount, firstFailureAt, nextCheckAt, unchangedCount } = archival;
  const next = html`${time(nextCheckAt, place)}<span class="second">${whyThen(archival, bounds)}</span>`;
  const leads = finalUrl && html`${foreignUrl(redactUrl(finalUrl))} ${moved ? badge('busy', 'moved for good') : null}`;
  return [
    ...(finalUrl === archival.url ? [] : [['Leads to', leads] satisfies Fact]),
    ['Host', host === '' ? null : html`<a href="${adminPath(place, 'hosts', host)}">${host}</a>`],
    ['Next check', nextCheckAt === null ? null : next],
    ['Last check', time(archival.checkedAt, place)],
    ['Last success', time(archival.lastSuccessAt, place)],
    ['Failures in a row', failureCount === 0 ? 'none' : html`${failureCount}, since ${time(firstFailureAt, place)}`],
    ['Checks without anything new', unchangedCount === 0 ? 'none' : plural(unchangedCount, 'check')],
    ['Fresh until', time(archival.freshUntil, place)],
    ['Lane', archival.lane],
  ];
}

/** What tells a server that we have what it has: headers of the answer that confirmed the copy last. */
export function validators({ known }: Archival, place: Place): Html | null {
  if (known === null) return null;
  const names = ['etag', 'last-modified', 'content-length', 'cache-control', 'expires', 'content-type'];
  const shown = names.flatMap((name): Fact[] => {
    const value = known.headers[name];
    return value === undefined ? [] : [[name, html`<code>${[value].flat().join(', ')}</code>`]];
  });
  const confirmed: Fact = ['confirmed', time(new Date(known.storedAt), place)];
  const trusted: Fact[] =
    known.trusted === false ? [['not believed', 'the host said “unchanged” of bytes that had changed']] : [];
  return section('Validators', factList([...shown, confirmed, ...trusted]));
}

/** Every hop of the last attempt that noted them. */
export function redirectChain({ redirects }: AttemptDetail): Html | null {
  if (redirects.length === 0) return null;
  const hops = redirects.map(
    ({ status, from, to }) =>
      html`<li>${badge('plain', String(status))} ${foreignUrl(from)} <span class="second">to ${foreignUrl(to)}</span></li>`,
  );
  return section('Redirects', html`<ol class="chain">${hops}</ol>`);
}

/** How the format was found. */
export function evidenceOf({ evidence }: AttemptDetail): Html | null {
  if (evidence.length === 0) return null;
  return section(
    'Evidence of the format',
    html`<ul class="evidence">${evidence.map((line) => html`<li>${line}</li>`)}</ul>`,
  );
}
