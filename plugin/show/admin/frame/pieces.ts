import { type Html, html } from './html.ts';
import { NOTHING, shortened } from './texts.ts';

/** What a badge's colour says; it is never the only thing that says it. */
export type Tone = 'good' | 'bad' | 'unsure' | 'busy' | 'plain';

/** A word or two that say how something stands. */
export const badge = (tone: Tone, text: string): Html => html`<span class="badge ${tone}">${text}</span>`;

/** A line of terms and what they are; null: left out. */
export type Fact = readonly [term: string, value: Html | string | number | null];

/** What is known of one thing. */
export function factList(facts: readonly Fact[]): Html {
  const shown = facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value ?? NOTHING}</dd></div>`);
  return html`<dl class="facts">${shown}</dl>`;
}

/** A part of a page under a heading of its own. */
export const section = (title: string, body: Html, tools: Html | null = null): Html =>
  html`<section><div class="heading"><h2>${title}</h2>${tools}</div>${body}</section>`;

/** A figure that is read at a glance. */
export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note?: Html | string | null;
  readonly tone?: Tone;
  /** Path of what the figure counts. */
  readonly href?: string;
}

/** Figures beside each other. */
export const tiles = (shown: readonly Tile[]): Html => html`<ul class="tiles">${shown.map(tile)}</ul>`;

function tile({ label, value, note = null, tone = 'plain', href }: Tile): Html {
  const name = href === undefined ? html`${label}` : html`<a href="${href}">${label}</a>`;
  return html`<li class="tile ${tone}"><span class="label">${name}</span> <strong>${value}</strong>
    ${note === null ? null : html`<span class="note">${note}</span>`}</li>`;
}

/** How far something is; its text says the same. */
export function progress(label: string, done: number, total: number): Html {
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  return html`<progress max="100" value="${percent}" aria-label="${label}">${percent} %</progress>`;
}

/** A URL that somebody else wrote: followed only where a browser may, and never with a word of where it was found. */
export function foreignUrl(url: string | null): Html {
  if (url === null || url === '') return NOTHING;
  const text = shortened(url);
  if (!/^https?:\/\//i.test(url)) return html`<span class="url">${text}</span>`;
  return html`<a class="url" href="${url}" rel="noreferrer noopener external nofollow">${text}</a>`;
}

/** A note above a page; it is read out. */
export const notice = (tone: Tone, text: Html | string): Html =>
  html`<p class="notice ${tone}" role="status">${text}</p>`;

/** Where one has come from, the farthest first. */
export const trail = (steps: readonly { readonly title: string; readonly href: string }[]): Html =>
  html`<nav class="trail" aria-label="Breadcrumb"><ol>${steps.map(
    ({ title, href }) => html`<li><a href="${href}">${title}</a></li>`,
  )}</ol></nav>`;
