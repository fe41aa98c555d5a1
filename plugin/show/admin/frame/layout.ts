import { assetPath } from './assets.ts';
import { type Html, html } from './html.ts';
import type { Place } from './Place.ts';
import { adminPath } from './paths.ts';
import { timeText } from './texts.ts';

/** The parts of the pages, as the navigation has them. */
export const SECTIONS = [
  { id: 'overview', title: 'Overview' },
  { id: 'links', title: 'Links' },
  { id: 'organisations', title: 'Organisations' },
  { id: 'hosts', title: 'Hosts' },
  { id: 'runs', title: 'Runs' },
  { id: 'queue', title: 'Queue' },
  { id: 'settings', title: 'Settings' },
] as const;

/** One of {@link SECTIONS}, and the path below `/admin` that it begins at. */
export type SectionId = (typeof SECTIONS)[number]['id'];

/** What a page says of itself. */
export interface Shown {
  readonly title: string;
  /** null: it belongs to none. */
  readonly section: SectionId | null;
  readonly body: Html;
  /** What stands above the heading. */
  readonly trail?: Html;
  /** What stands beside the heading: buttons, formats. */
  readonly tools?: Html;
  /** Path of server-sent events that say when the page has changed; without scripts it loads again by itself. */
  readonly live?: string;
}

const RELOAD_S = 5;

/** A whole document. */
export function documentOf(shown: Shown, place: Place): string {
  const { title, section, body, trail = null, tools = null, live } = shown;
  const portal = place.portal ? ` · ${place.portal.name}` : '';
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="same-origin">
<title>${title} · Archiver${portal}</title>
<link rel="icon" href="${assetPath(place, 'icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assetPath(place, 'style.css')}">
<script src="${assetPath(place, 'script.js')}" type="module"></script>
${live === undefined ? null : html`<noscript><meta http-equiv="refresh" content="${RELOAD_S}"></noscript>`}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
${top(section, place)}
<main id="content" tabindex="-1"${live === undefined ? null : html` data-live="${live}"`}>
${trail}
<div class="heading"><h1>${title}</h1>${tools}</div>
${body}
</main>
<footer><p>Times are UTC. This page is of <time datetime="${place.now.toISOString()}">${timeText(place.now)}</time>.</p></footer>
</body>
</html>
`;
  return String(document);
}

function top(current: SectionId | null, place: Place): Html {
  const { portal } = place;
  const back = portal && html`<a class="portal" href="${portal.site}">${portal.name}</a>`;
  const links = SECTIONS.map(({ id, title }) => {
    const mark = id === current ? html` aria-current="page"` : null;
    return html`<li><a href="${id === 'overview' ? adminPath(place) : adminPath(place, id)}"${mark}>${title}</a></li>`;
  });
  return html`<header><div class="bar"><span class="brand">Archiver</span>${back}</div>
<nav aria-label="Archiver"><ul>${links}</ul></nav></header>`;
}
