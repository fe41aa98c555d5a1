import { ADMIN_ROUTES } from './admin/adminRoutes.ts';
import { CKAN_ROUTES } from './ckan/ckanRoutes.ts';
import { EVENTS_QUERY, PAGED, texts } from './input/inputParts.ts';
import { LIST_ROUTES } from './list/listRoutes.ts';
import { MAIL_ROUTES } from './mail/mailRoutes.ts';
import { PROPOSAL_ROUTES } from './proposal/proposalRoutes.ts';
import type { Route } from './Route.ts';

const accepted = { 202: { description: 'Accepted; Location names the run.', schema: 'Run' } } as const;
const found = <Schema extends string>(schema: Schema) => ({ 200: { description: 'As described.', schema } }) as const;

const ARCHIVE = {
  method: 'post',
  action: 'archive.trigger',
  answers: accepted,
  problems: [400, 403, 404, 413, 422, 500, 503],
  headers: ['Idempotency-Key'],
} as const;
const READ = { method: 'get', action: 'archive.read', problems: [400, 404, 500, 503] } as const;

const UNCHANGED = { description: 'Unchanged.' };
const BADGE = {
  method: 'get',
  action: 'archive.read',
  problems: [404, 500, 503],
  headers: ['Accept-Language', 'If-None-Match'],
  query: texts({ lang: 'A language, such as `de`; default: what the headers say.' }),
} as const;
const badgeAnswers = <Body extends object>(body: Body) =>
  ({
    answers: { 200: { description: 'In the language of the caller, or of `?lang`.', ...body }, 304: UNCHANGED },
  }) as const;

const FEED = {
  method: 'get',
  action: 'archive.read',
  problems: [400, 404, 500, 503],
  headers: ['If-None-Match'],
} as const;
const ATOM = {
  answers: { 200: { description: 'RFC 4287.', texts: ['application/atom+xml'] }, 304: UNCHANGED },
} as const;
const JSON_FEED = {
  answers: { 200: { description: 'JSON Feed 1.', texts: ['application/feed+json'] }, 304: UNCHANGED },
} as const;

/** Every route of the handler, said once. Those of one path stand together. */
export const ROUTES = [
  {
    ...ARCHIVE,
    id: 'archiveDataset',
    path: '/datasets/{id}/archive',
    summary: 'Archive each resource of a dataset again',
  },
  { ...ARCHIVE, id: 'archiveResource', path: '/resources/{id}/archive', summary: 'Archive one resource again' },
  {
    id: 'listRuns',
    method: 'get',
    path: '/runs',
    action: 'archive.admin',
    summary: 'Runs, the newest first',
    query: PAGED,
    answers: found('Runs'),
    problems: [400, 403, 500, 503],
  },
  { ...READ, id: 'showRun', path: '/runs/{id}', summary: 'Progress of a run', answers: found('Run') },
  {
    id: 'cancelRun',
    method: 'post',
    path: '/runs/{id}/cancel',
    action: 'archive.admin',
    summary: 'Cancel what has not begun',
    answers: found('Run'),
    problems: [400, 403, 404, 413, 500, 503],
  },
  ...LIST_ROUTES,
  ...PROPOSAL_ROUTES,
  {
    ...READ,
    id: 'showResource',
    path: '/resources/{id}',
    summary: 'Archive state and copies of a resource, the newest first',
    query: PAGED,
    answers: found('Resource'),
  },
  {
    ...BADGE,
    id: 'badgePicture',
    path: '/resources/{id}/badge.svg',
    summary: 'How a resource stands, as a picture',
    ...badgeAnswers({ texts: ['image/svg+xml'] }),
  },
  {
    ...BADGE,
    id: 'badgeData',
    path: '/resources/{id}/badge.json',
    summary: 'How a resource stands, as shields.io reads it',
    ...badgeAnswers({ schema: 'Badge' }),
  },
  {
    ...BADGE,
    id: 'badgeSnippet',
    path: '/resources/{id}/badge.html',
    summary: 'How a resource stands, as a piece of HTML for a page of the portal',
    ...badgeAnswers({ texts: ['text/html'] }),
  },
  {
    id: 'statusScript',
    method: 'get',
    path: '/archive-status.js',
    action: null,
    summary: 'The element `<archive-status>`, for portals that render on the client',
    answers: { 200: { description: 'The script, a module.', texts: ['text/javascript'] }, 304: UNCHANGED },
    problems: [500, 503],
    headers: ['If-None-Match'],
  },
  {
    ...READ,
    id: 'listResourceEvents',
    path: '/resources/{id}/events',
    summary: 'Every change of state of a resource, the newest first',
    query: EVENTS_QUERY,
    answers: found('ResourceEvents'),
  },
  {
    id: 'listResourceAttempts',
    method: 'get',
    path: '/resources/{id}/attempts',
    action: 'archive.report',
    summary: 'The newest attempts to fetch a resource, at most 20',
    answers: found('ResourceAttempts'),
    problems: [400, 403, 404, 500, 503],
  },
  {
    ...READ,
    id: 'showDataset',
    path: '/datasets/{id}',
    summary: 'Archive state and newest copies of the resources of a dataset, by its id or name',
    query: PAGED,
    answers: found('Dataset'),
  },
  {
    id: 'readCopy',
    method: 'get',
    path: '/archive/{key}',
    action: 'archive.download',
    summary: 'The bytes of a copy; also HEAD',
    answers: {
      200: { description: 'The copy.' },
      206: { description: 'A part of it.' },
      304: { description: 'Unchanged.' },
    },
    problems: [400, 404, 412, 416, 500, 503],
    headers: ['Range', 'If-Range', 'If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since'],
  },
  {
    id: 'isLive',
    method: 'get',
    path: '/health/live',
    action: null,
    summary: 'The process answers',
    answers: found('Live'),
    problems: [],
  },
  {
    id: 'isReady',
    method: 'get',
    path: '/health/ready',
    action: null,
    summary: 'All services answer and work goes on',
    answers: { ...found('Health'), 503: { description: 'One does not; the body says which.', schema: 'Health' } },
    problems: [500, 503],
  },
  {
    ...FEED,
    problems: [500, 503],
    id: 'feedAtom',
    path: '/feed.atom',
    summary: 'New versions in all datasets, as Atom',
    ...ATOM,
  },
  {
    ...FEED,
    problems: [500, 503],
    id: 'feedJson',
    path: '/feed.json',
    summary: 'New versions in all datasets, as JSON Feed',
    ...JSON_FEED,
  },
  {
    ...FEED,
    id: 'datasetFeedAtom',
    path: '/datasets/{id}/feed.atom',
    summary: 'New versions in a dataset, by its id or name, as Atom',
    ...ATOM,
  },
  {
    ...FEED,
    id: 'datasetFeedJson',
    path: '/datasets/{id}/feed.json',
    summary: 'New versions in a dataset, by its id or name, as JSON Feed',
    ...JSON_FEED,
  },
  {
    ...READ,
    id: 'quality',
    path: '/quality.jsonld',
    summary: 'Availability of the links that the caller may see, in the terms of DCAT and DQV',
    query: PAGED,
    answers: { 200: { description: 'JSON-LD 1.1.', texts: ['application/ld+json'] } },
    problems: [400, 500, 503],
  },
  {
    id: 'metrics',
    method: 'get',
    path: '/metrics',
    action: 'archive.report',
    summary: 'Metrics for Prometheus, or as OpenMetrics where that is asked for',
    answers: { 200: { description: 'In the text format.', texts: ['text/plain', 'application/openmetrics-text'] } },
    problems: [403, 500, 503],
  },
  {
    id: 'describe',
    method: 'get',
    path: '/openapi.json',
    action: null,
    summary: 'This document',
    answers: found('OpenApi'),
    problems: [500, 503],
  },
  ...MAIL_ROUTES,
  ...CKAN_ROUTES,
  ...ADMIN_ROUTES,
] as const satisfies readonly Route[];

/** The `operationId` of a route. */
export type RouteId = (typeof ROUTES)[number]['id'];

/** As the manifest and Express 4 write it: `/runs/:id`, `/archive/*`. */
export const patternOf = (path: string): string => path.replace('{key}', '*').replace(/\{(\w+)\}/g, ':$1');
