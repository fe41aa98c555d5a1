import { CLAIMED, type DataLink } from '../model/dataLink.ts';

/** `off`: pages are not read. `record`: what is found is told. `best`, `all`: it is archived as well. */
export const LANDING_POLICIES = ['off', 'record', 'best', 'all'] as const;

/** What is done with the data links of a page: one of {@link LANDING_POLICIES}. */
export type LandingPolicy = (typeof LANDING_POLICIES)[number];

/** How far the first has to lie before the second. */
const MARGIN = 0.05;

/** The link that is claimed, by a margin over the second; null when two are as good, or none is. `links`: best first. */
export function clearest(links: readonly DataLink[]): DataLink | null {
  const [first] = links;
  if (!first || first.score < CLAIMED) return null;
  const second = links.find(({ url }) => fileOf(url) !== fileOf(first.url));
  return second && first.score - second.score < MARGIN ? null : first;
}

/** Mirrors of one file do not compete. */
function fileOf(url: string): string {
  const [path = '', query = ''] = url.split('?');
  return `${path.slice(path.lastIndexOf('/') + 1)}?${query}`;
}

/** Those that a policy archives: one that is clear, or all that are claimed, up to `max`. */
export function chosenLinks(links: readonly DataLink[], policy: LandingPolicy, max: number): readonly DataLink[] {
  if (policy === 'best') return [clearest(links) ?? []].flat();
  return policy === 'all' ? links.filter(({ score }) => score >= CLAIMED).slice(0, max) : [];
}
