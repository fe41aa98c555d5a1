import type { Route } from './Route.ts';
import { ROUTES } from './routes.ts';
import { SCHEMAS } from './schemas.ts';

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request cannot be read.',
  403: 'Not for you, or sent by a page of another site.',
  404: 'Not there, or not for you.',
  409: 'The portal does not take it; the detail says why.',
  412: 'Not the version that was expected.',
  413: 'No route reads a body; this one is too long to be passed over.',
  416: 'No such part.',
  422: 'The Idempotency-Key was used for something else within a day.',
  500: 'Something went wrong; the log says what.',
  503: 'Not started, or a service is away; Retry-After says when to try again.',
};

const HEADERS: Readonly<Record<string, string>> = {
  'Idempotency-Key': '1 to 255 characters; the same caller and key within a day answer the same run.',
  Range: 'One part, in bytes (RFC 9110 section 14.2).',
  'Accept-Language': 'Languages of the caller.',
  'If-Range': 'The version that the part is of.',
  'If-Match': 'RFC 9110 section 13.1.1.',
  'If-None-Match': 'RFC 9110 section 13.1.2.',
  'If-Modified-Since': 'RFC 9110 section 13.1.3.',
  'If-Unmodified-Since': 'RFC 9110 section 13.1.4.',
};

const PARAMETERS: Readonly<Record<string, string>> = {
  id: 'Of the run, dataset or resource.',
  host: '`host` or `host:port`.',
  key: '`{timestamp}/{resourceid}/{filename}`, its slashes as they are.',
};

const PAGE_PARAMETERS = [
  {
    name: 'limit',
    in: 'query',
    required: false,
    description: 'Entries of a page.',
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  },
  {
    name: 'after',
    in: 'query',
    required: false,
    description: 'The last entry of the page before, as the URL of the next page has it.',
    schema: { type: 'string' },
  },
];

const LOCATIONS: Readonly<Record<string, string | undefined>> = { 202: 'The run.', 303: 'The page that shows it.' };

const PAGE = { 'text/html': { schema: { type: 'string' } } };

/** The OpenAPI 3.1 document of a handler mounted at `url`. */
export function openApi(url: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'portal-archiver',
      version: '1',
      description: 'Copies of a data portal’s resources, and how their archival ended.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url }],
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        portal: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'Whatever the portal accepts. It is asked for every request whether the caller may do this.',
        },
      },
    },
  };
}

function operationOf(route: Route): object {
  const { id, action, summary, path, headers = [], query = {}, parameters, pages, fields, json } = route;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  return {
    operationId: id,
    summary,
    security: securityOf(action),
    parameters: [
      ...names.map((name) => parameterOf(name, 'path', PARAMETERS[name])),
      ...headers.map((name) => parameterOf(name, 'header', HEADERS[name])),
      ...Object.entries(query).map(([name, description]) => parameterOf(name, 'query', description)),
      ...Object.entries(parameters?.properties ?? {}).map(([name, schema]) => listParameterOf(name, schema)),
      ...(pages ? PAGE_PARAMETERS : []),
    ],
    ...(fields ? { requestBody: formOf(fields) } : {}),
    ...(json ? { requestBody: jsonOf(json) } : {}),
    responses: responsesOf(route),
  };
}

/** Reading may be open to everybody: that is for the portal to say. */
function securityOf(action: Route['action']): object[] {
  if (action === null) return [];
  const mayBeOpen = action === 'archive.read' || action === 'archive.download';
  return mayBeOpen ? [{}, { portal: [] }] : [{ portal: [] }];
}

const parameterOf = (name: string, where: 'path' | 'header' | 'query', description: string | undefined): object => ({
  name,
  in: where,
  required: where === 'path',
  description,
  schema: { type: 'string' },
});

function listParameterOf(name: string, { description, ...schema }: { readonly description: string }): object {
  return { name, in: 'query', required: false, description, schema };
}

/** A status that stands for an answer and a problem has both contents. */
function responsesOf({ answers, problems, isPage }: Route): object {
  const responses: Record<string, { description: string; content?: object; headers?: object }> = {};
  for (const status of problems)
    responses[status] = {
      description: PROBLEMS[status] ?? '',
      content: isPage ? PAGE : contentOf('application/problem+json', 'Problem'),
    };
  for (const [status, { description, schema, schemas = [], texts = [] }] of Object.entries(answers)) {
    const named = schema === undefined ? schemas : [schema];
    const json = named.length === 0 ? {} : contentOf('application/json', ...named);
    const text = Object.fromEntries(texts.map((type) => [type, { schema: { type: 'string' } }]));
    responses[status] = { description, content: { ...responses[status]?.content, ...json, ...text } };
    const leadsTo = LOCATIONS[status];
    if (leadsTo) responses[status].headers = { Location: { description: leadsTo, schema: { type: 'string' } } };
  }
  return responses;
}

function jsonOf(members: NonNullable<Route['json']>): object {
  const described = Object.entries(members).map(([name, description]) => [name, { type: 'string', description }]);
  const schema = { type: 'object', properties: Object.fromEntries(described) };
  return { required: true, content: { 'application/json': { schema } } };
}

/** What a form sends: texts, and the token that the page with the form has. */
function formOf(fields: NonNullable<Route['fields']>): object {
  const described = Object.entries(fields).map(([name, description]) => [name, { type: 'string', description }]);
  const properties = { token: { type: 'string', description: 'Of the form.' }, ...Object.fromEntries(described) };
  const schema = { type: 'object', properties, required: ['token'] };
  return { required: true, content: { 'application/x-www-form-urlencoded': { schema } } };
}

function contentOf(type: string, ...schemas: readonly string[]): object {
  const [only, ...others] = schemas.map((schema) => ({ $ref: `#/components/schemas/${schema}` }));
  return { [type]: { schema: others.length === 0 ? only : { anyOf: [only, ...others] } } };
}
