import { HEADERS, type InputSchema } from './input/inputParts.ts';
import type { Route } from './Route.ts';
import { ROUTES } from './routes.ts';
import { components } from './schemas.ts';
import type { Schema } from './shapes/parts.ts';

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

const PARAMETERS: Readonly<Record<string, string>> = {
  id: 'Of the run, dataset or resource.',
  host: '`host` or `host:port`.',
  token: 'Of a mail.',
  key: '`{timestamp}/{resourceid}/{filename}`, its slashes as they are.',
};

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
      schemas: components(),
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
  const { id, action, summary, path, headers = [], query, fields, json } = route;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  return {
    operationId: id,
    summary,
    security: securityOf(action),
    parameters: [
      ...names.map((name) => parameterOf(name, 'path', { type: 'string', description: PARAMETERS[name] })),
      ...headers.map((name) => parameterOf(name, 'header', HEADERS[name])),
      ...Object.entries(query?.properties ?? {}).map(([name, schema]) => parameterOf(name, 'query', schema)),
    ],
    ...(fields ? { requestBody: bodyOf('application/x-www-form-urlencoded', withToken(fields)) } : {}),
    ...(json ? { requestBody: bodyOf('application/json', json) } : {}),
    responses: responsesOf(route),
  };
}

/** Reading may be open to everybody: that is for the portal to say. */
function securityOf(action: Route['action']): object[] {
  if (action === null) return [];
  const mayBeOpen = action === 'archive.read' || action === 'archive.download';
  return mayBeOpen ? [{}, { portal: [] }] : [{ portal: [] }];
}

function parameterOf(name: string, where: 'path' | 'header' | 'query', described: Schema): object {
  const { description, refusal: _, ...schema } = described;
  return { name, in: where, required: where === 'path', description, schema };
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

const bodyOf = (type: string, schema: InputSchema): object => ({ required: true, content: { [type]: { schema } } });

/** What a form sends besides: the token that the page with the form has. */
const withToken = ({ properties, required = [] }: InputSchema): InputSchema => ({
  type: 'object',
  properties: { token: { type: 'string', description: 'Of the form.' }, ...properties },
  required: ['token', ...required],
});

function contentOf(type: string, ...schemas: readonly string[]): object {
  const [only, ...others] = schemas.map((schema) => ({ $ref: `#/components/schemas/${schema}` }));
  return { [type]: { schema: others.length === 0 ? only : { anyOf: [only, ...others] } } };
}
