import type { Copy, ResourceStatus } from 'portal-archiver';
import type { Dataset, ResourceRow } from './catalogue.ts';

/** A short text in a colour that says how it stands. */
export interface Badge {
  readonly kind: 'good' | 'broken' | 'unsure' | 'waiting';
  readonly text: string;
}

/** The state of a resource in a word or two. */
export function badgeOf(archival: ResourceStatus | null): Badge {
  if (!archival || archival.code === null) return { kind: 'waiting', text: 'Waiting to be archived' };
  if (archival.pending && archival.attempts === 0) return { kind: 'waiting', text: 'Being archived again' };
  const text = archival.status ?? archival.code;
  if (archival.broken === false) return { kind: 'good', text };
  if (archival.broken) return { kind: 'broken', text };
  return { kind: 'unsure', text: archival.lastAttempt?.broken ? `${text}, not confirmed` : text };
}

const LONGEST = 300;

const isWaiting = (archival: ResourceStatus | null): boolean => archival === null || archival.pending;

/** Without those of a URL that somebody has changed a moment ago: what they say is no longer true. */
function byResource(
  datasets: readonly Dataset[],
  archivals: readonly ResourceStatus[],
): ReadonlyMap<string, ResourceStatus> {
  const urls = new Map(datasets.flatMap(({ resources }) => resources.map(({ id, url }) => [id, url])));
  return new Map(
    archivals
      .filter(({ resourceId, url }) => urls.get(resourceId) === url)
      .map((archival) => [archival.resourceId, archival]),
  );
}

/** What the list of datasets shows. */
export function listPage(datasets: readonly Dataset[], archivals: readonly ResourceStatus[]) {
  const states = byResource(datasets, archivals);
  return {
    datasets: datasets.map((dataset) => ({ ...dataset, badges: countBadges(dataset, states) })),
    isWaiting: datasets.some(({ resources }) => resources.some(({ id }) => isWaiting(states.get(id) ?? null))),
  };
}

const WORDS = { good: 'archived', broken: 'broken', unsure: 'unsure', waiting: 'waiting' } as const;

function countBadges({ resources }: Dataset, states: ReadonlyMap<string, ResourceStatus>): readonly Badge[] {
  const kinds = resources.map(({ id }) => badgeOf(states.get(id) ?? null).kind);
  return (['good', 'broken', 'unsure', 'waiting'] as const)
    .map((kind) => ({ kind, count: kinds.filter((one) => one === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => ({ kind, text: `${count} ${WORDS[kind]}` }));
}

/** What the page of a dataset shows. */
export function datasetPage(
  dataset: Dataset,
  archivals: readonly ResourceStatus[],
  versions: ReadonlyMap<string, readonly Copy[]>,
  linkOf: (key: string) => string,
) {
  const states = byResource([dataset], archivals);
  return {
    dataset,
    resources: dataset.resources.map((resource) =>
      resourceCard(resource, states.get(resource.id) ?? null, versions.get(resource.id) ?? [], linkOf),
    ),
    isWaiting: dataset.resources.some(({ id }) => isWaiting(states.get(id) ?? null)),
  };
}

function resourceCard(
  resource: ResourceRow,
  archival: ResourceStatus | null,
  copies: readonly Copy[],
  linkOf: (key: string) => string,
) {
  return {
    ...resource,
    title: shortened(resource.name.trim() || resource.url.trim() || 'Resource without a name'),
    shownUrl: shortened(resource.url.trim()),
    /** Only what a browser may follow becomes a link: the text is an editor's, of any kind. */
    link: /^https?:\/\//i.test(resource.url.trim()) ? resource.url.trim() : null,
    badge: badgeOf(archival),
    reason: archival && archival.broken !== false ? archival.reason : null,
    movedTo: archival?.moved ? archival.finalUrl : null,
    checkedAt: timeText(archival?.checkedAt ?? null),
    copies: copies.map((copy) => ({
      ...copy,
      link: linkOf(copy.key),
      size: sizeText(copy.bytes),
      storedAt: timeText(copy.storedAt),
    })),
  };
}

/** Any text is a URL here, and some are as long as a book. */
const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** As people read times: to the second, in UTC. */
export const timeText = (moment: Date | null): string | null =>
  moment && `${moment.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** As people read sizes: 1.2 MB, decimal. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** step;
  return `${step === 0 ? value : value.toPrecision(3)} ${units[step]}`;
}
