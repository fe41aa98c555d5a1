import { type Html, html } from '../frame/html.ts';

/** One day of a picture; null: nothing is known of it. */
export interface Bar {
  readonly day: string;
  readonly value: number | null;
}

/** A picture of a figure over days. */
export interface Chart {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly tone: 'chart' | 'bad';
  text(value: number): string;
}

const WIDTH = 720;
const HEIGHT = 120;
const GAP = 1;

/** Bars as SVG without styles of its own; what it shows is said in words, and the figures are in a table. */
export function chart({ title, bars, tone, text }: Chart): Html {
  const known = bars.flatMap(({ value }) => value ?? []);
  const most = Math.max(...known, 0);
  const step = WIDTH / Math.max(1, bars.length);
  const drawn = bars.map(({ day, value }, at) => {
    const height = value === null || most === 0 ? 0 : Math.max(value === 0 ? 0 : 1.5, (value / most) * HEIGHT);
    return html`<rect x="${(at * step).toFixed(2)}" y="${(HEIGHT - height).toFixed(2)}" width="${(step - GAP).toFixed(2)}" height="${height.toFixed(2)}"><title>${day}: ${value === null ? 'not known' : text(value)}</title></rect>`;
  });
  const last = known.at(-1);
  const said = known.length === 0 ? 'Nothing is known yet.' : `Highest ${text(most)}, last ${text(last ?? 0)}.`;
  return html`<figure class="chart ${tone}"><figcaption><strong>${title}</strong> <span class="second">${said}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${title} by day. ${said}">${drawn}</svg>
<p class="axis"><span>${bars[0]?.day ?? ''}</span><span>${bars.at(-1)?.day ?? ''}</span></p></figure>`;
}
