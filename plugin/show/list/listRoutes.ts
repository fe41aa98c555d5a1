import { type InputSchema, PAGE, PAGED, textBy } from '../input/inputParts.ts';
import type { Route } from '../Route.ts';
import { code } from '../shapes/parts.ts';

const LIST = { method: 'get', action: 'archive.report', problems: [400, 403, 500, 503] } as const;

/** Of `GET /resources`. */
export const LINKS_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    broken: {
      type: 'string',
      enum: ['true', 'false', 'null'],
      description: 'true: confirmed broken; false: it works; null: unsure, or never fetched.',
    },
    code: { type: 'string', ...code, description: 'How the last attempt ended.' },
    organisation: textBy('Id or name; those that are a part of it count, too.'),
    host: textBy('`host` or `host:port`.'),
    dataset: textBy('Id of the dataset.'),
    proposed: {
      type: 'string',
      enum: ['true'],
      description: 'true: only those for which another URL is proposed, as permanent redirects lead there.',
    },
    changedSince: {
      type: 'string',
      format: 'date-time',
      description: 'RFC 3339: its state or its place changed since. The newest change comes first then.',
    },
    ...PAGE,
  },
  required: ['limit'],
} as const satisfies InputSchema;

/** Of `GET /hosts`. */
export const HOSTS_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    contains: textBy('A part of the name.'),
    order: {
      type: 'string',
      enum: ['host', 'links', 'broken', 'paused'],
      default: 'host',
      description: 'By name, most links, most broken links, or those first that are left alone for now.',
    },
    ...PAGE,
  },
  required: ['order', 'limit'],
} as const satisfies InputSchema;

/** Of `GET /organisations`. */
export const ORGANISATIONS_QUERY = { ...PAGED, additionalProperties: false } as const satisfies InputSchema;

/** Lists over the whole archive, page by page. */
export const LIST_ROUTES = [
  {
    ...LIST,
    id: 'listResources',
    path: '/resources',
    summary: 'Resources and how their links stand',
    query: LINKS_QUERY,
    answers: { 200: { description: 'A page.', schema: 'Links' } },
  },
  {
    ...LIST,
    id: 'listHosts',
    path: '/hosts',
    summary: "Publishers' hosts, how their links stand, and whether they are left alone",
    query: HOSTS_QUERY,
    answers: { 200: { description: 'A page.', schema: 'Hosts' } },
  },
  {
    ...LIST,
    id: 'listOrganisations',
    path: '/organisations',
    summary: 'Organisations of the portal and how their links stand, by title',
    query: ORGANISATIONS_QUERY,
    answers: { 200: { description: 'A page.', schema: 'Organisations' } },
  },
] as const satisfies readonly Route[];
