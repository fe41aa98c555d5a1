import { type Html, html } from './html.ts';
import type { Place } from './Place.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What stands where nothing is known; a reader of the screen is told so. */
export const NOTHING = html`<span class="nothing" aria-hidden="true">–</span><span class="hidden">none</span>`;

const UNITS: readonly (readonly [string, number])[] = [
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['min', MINUTE_MS],
  ['s', 1000],
];

/** How long: `350 ms`, `4.2 s`, `3 min`, `2 h 10 min`, `12 d`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const at = UNITS.findIndex(([, length]) => ms >= length);
  const [unit, length] = UNITS[at] ?? ['s', 1000];
  const whole = Math.floor(ms / length);
  const [smaller, smallerLength] = UNITS[at + 1] ?? ['', 0];
  const rest = smallerLength === 0 ? 0 : Math.floor((ms - whole * length) / smallerLength);
  return whole < 5 && rest > 0 ? `${whole} ${unit} ${rest} ${smaller}` : `${whole} ${unit}`;
}

/** `2026-11-30 02:04`, in UTC. */
export const timeText = (moment: Date): string => moment.toISOString().slice(0, 16).replace('T', ' ');

/** How far a moment is from now: `3 min ago`, `in 2 h`. */
export function relativeText(moment: Date, now: Date): string {
  const ms = moment.getTime() - now.getTime();
  if (Math.abs(ms) < 1000) return 'now';
  const [unit, length] = UNITS.find(([, one]) => Math.abs(ms) >= one) ?? ['s', 1000];
  const text = `${Math.floor(Math.abs(ms) / length)} ${unit}`;
  return ms < 0 ? `${text} ago` : `in ${text}`;
}

/** A moment with how far it is from now; null: none. */
export function time(moment: Date | null, { now }: Pick<Place, 'now'>): Html {
  if (moment === null) return NOTHING;
  return html`<time datetime="${moment.toISOString()}"><span class="moment">${timeText(moment)}</span> <span class="relative">${relativeText(moment, now)}</span></time>`;
}

/** As people read sizes: `1.2 MB`, decimal. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const step = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** step;
  return `${step === 0 ? value : value.toPrecision(3)} ${units[step]}`;
}

/** With a thin space between thousands, as SI has it: `1 250 000`. */
export const countText = (count: number): string =>
  String(count).replace(/^(-?\d+)/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, '\u202f'));

/** `1 resource`, `2 resources`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${countText(count)} ${count === 1 ? one : many}`;

/** The first characters of a long text, whole where it is short. */
export const shortened = (text: string, longest = 120): string =>
  text.length > longest ? `${text.slice(0, longest)}…` : text;

/** A long name that may go on in the next line behind each underscore. */
export const breakable = (name: string): Html =>
  html`${name.split('_').map((part, at) => (at === 0 ? html`${part}` : html`_<wbr>${part}`))}`;
