import type { AttemptNote, KeptChange } from '../../../model/history.ts';
import { type Html, html } from '../frame/html.ts';
import type { Place } from '../frame/Place.ts';
import { badge, type Tone } from '../frame/pieces.ts';
import { shortened, time } from '../frame/texts.ts';
import { CHANGE_WORDS, effortText } from './resourceTables.ts';
import { codeTone } from './runViews.ts';

const CHANGE_TONES: Readonly<Record<KeptChange['kind'], Tone>> = {
  code: 'plain',
  copy: 'good',
  moved: 'busy',
  broken: 'bad',
  recovered: 'good',
  missing: 'bad',
  suspect: 'unsure',
  removed: 'plain',
};

interface Moment {
  readonly at: Date;
  readonly attempts: AttemptNote[];
  readonly changes: KeptChange[];
}

/** Attempts and what they changed, by moment, the newest first. */
export function timeline(attempts: readonly AttemptNote[], changes: readonly KeptChange[], place: Place): Html {
  const moments = momentsOf(attempts, changes);
  if (moments.length === 0) return html`<p class="empty">Nothing has happened yet.</p>`;
  return html`<ol class="timeline">${moments.map((moment) => momentView(moment, place))}</ol>`;
}

/** What was recorded together happened together. */
function momentsOf(attempts: readonly AttemptNote[], changes: readonly KeptChange[]): readonly Moment[] {
  const moments = new Map<number, Moment>();
  const at = (moment: Date): Moment => {
    const known = moments.get(moment.getTime()) ?? { at: moment, attempts: [], changes: [] };
    moments.set(moment.getTime(), known);
    return known;
  };
  for (const attempt of attempts) at(attempt.at).attempts.push(attempt);
  for (const change of changes) at(change.at).changes.push(change);
  return [...moments.values()].sort((one, other) => other.at.getTime() - one.at.getTime());
}

function momentView({ at, attempts, changes }: Moment, place: Place): Html {
  const code = attempts[0]?.code ?? changes.find((change) => change.code !== null)?.code ?? null;
  const reason = attempts[0]?.reason ?? changes[0]?.reason ?? null;
  // That it ended otherwise is what its outcome says.
  const marks = changes
    .filter(({ kind }) => kind !== 'code')
    .map(({ kind }) => badge(CHANGE_TONES[kind], CHANGE_WORDS[kind]));
  return html`<li class="${code === null ? 'plain' : codeTone(code)}"><div class="when">${time(at, place)}</div>
<div><p>${code === null ? null : badge(codeTone(code), code)} ${marks} ${changes.map(detailOf)}</p>
${reason === null ? null : html`<p>${reason}</p>`}
${attempts.map((attempt) => html`<p class="second">${effortText(attempt)}</p>`)}</div></li>`;
}

function detailOf({ kind, previousCode, url }: KeptChange): Html | null {
  if (kind === 'code' && previousCode !== null) return html`<span class="second">before: ${previousCode}</span>`;
  return kind === 'moved' && url !== null ? html`<span class="second">to ${shortened(url)}</span>` : null;
}
