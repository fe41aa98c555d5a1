import { CODES } from '../model/status.ts';

interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly answers: Readonly<Record<string, string>>;
  readonly schema?: string;
}

const READ = {
  '200': 'As described.',
  '404': 'Not there, or not for you.',
  '503': 'Not started, or a service is away.',
};
const ASK = {
  '202': 'Accepted; Location names the run.',
  '403': 'Not for you.',
  '404': 'Not there.',
  '422': 'The Idempotency-Key was used for something else.',
  '503': 'Not started, or a service is away.',
};

/** Every route of the handler; a test holds this table against the router and the manifest. */
export const ROUTES: readonly Route[] = [
  {
    method: 'post',
    path: '/datasets/{id}/archive',
    summary: 'Archive each resource of a dataset again',
    answers: ASK,
    schema: 'Run',
  },
  {
    method: 'post',
    path: '/resources/{id}/archive',
    summary: 'Archive one resource again',
    answers: ASK,
    schema: 'Run',
  },
  {
    method: 'get',
    path: '/resources/{id}',
    summary: 'Archive state and copies of a resource',
    answers: READ,
    schema: 'Resource',
  },
  {
    method: 'get',
    path: '/datasets/{id}',
    summary: 'Archive state and copies of each resource',
    answers: READ,
    schema: 'Dataset',
  },
  {
    method: 'get',
    path: '/runs',
    summary: 'The newest runs',
    answers: { '200': 'As described.', '403': 'Not for you.', '503': READ['503'] },
    schema: 'Runs',
  },
  { method: 'get', path: '/runs/{id}', summary: 'Progress of a run', answers: READ, schema: 'Run' },
  {
    method: 'post',
    path: '/runs/{id}/cancel',
    summary: 'Cancel what has not begun',
    answers: { '200': 'As described.', '403': 'Not for you.', '404': 'Not there.', '503': READ['503'] },
    schema: 'Run',
  },
  {
    method: 'get',
    path: '/archive/{key}',
    summary: 'The bytes of a copy (also HEAD, Range, conditions)',
    answers: {
      '200': 'The copy.',
      '206': 'A part of it.',
      '304': 'Unchanged.',
      '404': 'Not there, or not for you.',
      '412': 'Not the version that was expected.',
      '416': 'No such part.',
    },
  },
  { method: 'get', path: '/health/live', summary: 'The process answers', answers: { '200': 'It does.' } },
  {
    method: 'get',
    path: '/health/ready',
    summary: 'All services answer and work goes on',
    answers: { '200': 'They do.', '503': 'One does not; the body says which.' },
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    answers: { '200': 'OpenAPI 3.1.', '503': 'Not started.' },
  },
];

const text = { type: 'string' };
const optionalText = { type: ['string', 'null'] };
const time = { type: 'string', format: 'date-time' };
const optionalTime = { type: ['string', 'null'], format: 'date-time' };
const integer = { type: 'integer' };

const SCHEMAS = {
  Run: object({
    id: text,
    state: { enum: ['queued', 'running', 'done', 'cancelled'] },
    total: { type: ['integer', 'null'] },
    done: integer,
    counts: { type: 'object', additionalProperties: integer },
    createdAt: time,
    endedAt: optionalTime,
  }),
  Runs: object({ runs: { type: 'array', items: { $ref: '#/components/schemas/Run' } } }),
  Copy: object({
    key: text,
    url: text,
    bytes: integer,
    md5: text,
    sha256: text,
    mediaType: optionalText,
    storedAt: time,
  }),
  Resource: object({
    id: text,
    datasetId: text,
    url: text,
    status: optionalText,
    code: { enum: [...Object.keys(CODES), null] },
    reason: optionalText,
    broken: { type: ['boolean', 'null'], description: 'null: unsure' },
    attempts: integer,
    checkedAt: optionalTime,
    nextCheckAt: optionalTime,
    copies: { type: 'array', items: { $ref: '#/components/schemas/Copy' } },
  }),
  Dataset: object({ id: text, resources: { type: 'array', items: { $ref: '#/components/schemas/Resource' } } }),
  Problem: object({ type: text, title: text, status: integer, detail: text, code: text }),
};

/** The OpenAPI 3.1 document of a handler mounted at `url`. */
export function openApi(url: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'portal-archiver',
      version: '1',
      description: 'Copies of a data portal’s resources, and how their archival ended.',
    },
    servers: [{ url }],
    paths,
    components: { schemas: SCHEMAS },
  };
}

function operation({ path, summary, answers, schema }: Route): object {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return {
    summary,
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: text })),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, description]) => [status, { description, ...contentOf(status, schema) }]),
    ),
  };
}

function contentOf(status: string, schema: string | undefined): object {
  if (Number(status) >= 400)
    return { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
  return schema ? { content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } } : {};
}

function object(properties: Readonly<Record<string, object>>): object {
  return { type: 'object', properties, required: Object.keys(properties) };
}
