import type { Organisation } from '../../model/resource.ts';
import { isRecord } from './actionResponse.ts';

/** A resource as the portal's API describes it, checked; texts are well-formed and without NUL. */
export interface RemoteResource {
  readonly id: string;
  readonly url: string;
  readonly name: string | null;
  readonly format: string | null;
  /** null for a link. */
  readonly urlType: string | null;
  readonly position: number;
  readonly cacheUrl: string | null;
  readonly cacheLastUpdatedAt: Date | null;
  readonly hash: string | null;
  readonly size: number | null;
  readonly mimetype: string | null;
}

/** A dataset with those of its resources that are not deleted. */
export interface RemoteDataset {
  readonly id: string;
  readonly name: string;
  readonly title: string | null;
  readonly private: boolean;
  /** false: a draft or a deleted one, which nobody but its editors should see. */
  readonly isActive: boolean;
  readonly modifiedAt: Date | null;
  /** null: it belongs to nobody, or the portal does not say to whom. */
  readonly organisation: Organisation | null;
  readonly resources: readonly RemoteResource[];
  /** All that the API gave, as it gave it. */
  readonly document: Readonly<Record<string, unknown>>;
}

const LONGEST_ID = 200;

/** null: what has no usable id is no dataset. Old portals write numbers and truths as text. */
export function readDataset(value: unknown): RemoteDataset | null {
  if (!isRecord(value)) return null;
  const id = idOf(value.id);
  if (id === null) return null;
  return {
    id,
    name: textOf(value.name) ?? id,
    title: textOf(value.title),
    private: isTrue(value.private),
    isActive: (textOf(value.state) ?? 'active') === 'active',
    modifiedAt: timeOf(value.metadata_modified),
    organisation: readOrganisation(value.organization) ?? readOrganisation({ id: value.owner_org }),
    resources: Array.isArray(value.resources) ? uniqueResources(value.resources) : [],
    document: value,
  };
}

/** null: what has no usable id is no organisation. Old portals name it by its id alone. */
function readOrganisation(value: unknown): Organisation | null {
  if (!isRecord(value)) return null;
  const id = idOf(value.id);
  return id === null ? null : { id, name: textOf(value.name) ?? id, title: textOf(value.title) };
}

/** Each id once: a portal that names a resource twice means one. */
function uniqueResources(values: readonly unknown[]): RemoteResource[] {
  const byId = new Map<string, RemoteResource>();
  values.forEach((value, index) => {
    const resource = readResource(value, index);
    if (resource && !byId.has(resource.id)) byId.set(resource.id, resource);
  });
  return [...byId.values()];
}

/** null: what has no usable id, or was deleted. `index` is its place where it names none. */
export function readResource(value: unknown, index: number): RemoteResource | null {
  if (!isRecord(value)) return null;
  const id = idOf(value.id);
  if (id === null || textOf(value.state) === 'deleted') return null;
  return {
    id,
    url: textOf(value.url) ?? '',
    name: textOf(value.name),
    format: textOf(value.format),
    urlType: textOf(value.url_type),
    position: countOf(value.position) ?? index,
    cacheUrl: textOf(value.cache_url),
    cacheLastUpdatedAt: timeOf(value.cache_last_updated),
    hash: textOf(value.hash),
    size: countOf(value.size),
    mimetype: textOf(value.mimetype),
  };
}

function idOf(value: unknown): string | null {
  const id = typeof value === 'number' ? String(value) : textOf(value);
  return id === null || id.length > LONGEST_ID ? null : id;
}

/** null: none, or an empty one. PostgreSQL takes neither NUL nor halves of surrogate pairs. */
function textOf(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null;
  return value
    .replaceAll('\0', '')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}

/** A whole number from 0, also as text. */
function countOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

const isTrue = (value: unknown): boolean => value === true || (typeof value === 'string' && /^true$/i.test(value));

const CKAN_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

/** A time of CKAN's: naive means UTC (RFC 3339 has no such form), `Z` comes from the search index. null: none. */
export function timeOf(value: unknown): Date | null {
  const [, day, time, fraction = '0', zone = 'Z'] = (typeof value === 'string' && CKAN_TIME.exec(value)) || [];
  if (day === undefined) return null;
  const at = new Date(`${day}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** The form that every version takes, for 2.10 refuses any zone: `2026-11-29T10:00:00`, UTC. */
export function naiveUtc(at: Date): string {
  return at.toISOString().slice(0, 19);
}
