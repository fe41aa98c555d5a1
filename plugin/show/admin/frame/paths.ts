import type { Place } from './Place.ts';

/** The path of a page: `adminPath(place, 'runs', id)`. A name that ends as a format does is not taken for one. */
export function adminPath({ base }: Pick<Place, 'base'>, ...segments: readonly string[]): string {
  return [`${base}/admin`, ...segments.map(encodeSegment)].join('/');
}

/** The path at which our routes serve a copy. */
export const copyPath = ({ base }: Pick<Place, 'base'>, key: string): string =>
  `${base}/${key.split('/').map(encodeURIComponent).join('/')}`;

/** The same with a query; what is null or empty is left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | number | null>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== '');
  const text = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)]))).toString();
  return text === '' ? path : `${path}?${text}`;
}

const encodeSegment = (segment: string): string => encodeURIComponent(segment).replace(/\.(csv|json)$/i, '%2E$1');
