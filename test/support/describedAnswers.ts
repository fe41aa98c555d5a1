import assert from 'node:assert/strict';
import type { RequestListener, ServerResponse } from 'node:http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { openApi } from '../../plugin/show/openapi.ts';
import { ROUTES } from '../../plugin/show/routes.ts';
import { components } from '../../plugin/show/schemas.ts';

type Contents = Readonly<Record<string, { readonly schema: { readonly $ref?: string } }>>;
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Contents }>>;
}

const REF = '#/components/schemas/';
const { paths }: { paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> } = Object(openApi('http://x'));

const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
for (const [name, schema] of Object.entries(components()))
  ajv.addSchema(JSON.parse(JSON.stringify(schema).replaceAll(REF, '')), name);

const validatorOf = (name: string): ValidateFunction => {
  const validate = ajv.getSchema(name);
  assert.ok(validate, `there is no schema ${name}`);
  return validate;
};

/** Holds every answer that passes through `listener` against the OpenAPI document. */
export class DescribedAnswers {
  /** What was answered and is not described. */
  readonly wrong: string[] = [];
  /** `operationId status` of what was answered. */
  readonly seen = new Set<string>();

  wrap(handler: RequestListener): RequestListener {
    return (request, response) => {
      const bodyOf = recordBody(response);
      const method = request.method ?? '';
      const path = (request.url ?? '').split('?')[0] ?? '';
      response.once('finish', () => this.#check(method, path, response, bodyOf()));
      handler(request, response);
    };
  }

  #check(method: string, path: string, response: ServerResponse, body: Buffer): void {
    const status = response.statusCode;
    const type = String(response.getHeader('content-type') ?? '').split(';')[0] ?? '';
    const tell = (what: string) => this.wrong.push(`${method} ${path} answered ${status} ${type}: ${what}`);
    const operation = operationFor(method, path);
    if (!operation) {
      if (status < 400) tell('no operation describes it');
      // Below /admin people are told as pages.
      else if (type !== 'text/html') this.#checkBody('Problem', body, method, tell);
      return;
    }
    this.seen.add(`${operation.operationId} ${status}`);
    const described = operation.responses[status];
    if (!described) return void tell(`${operation.operationId} describes no ${status}`);
    const contents = described.content ?? {};
    const content = contents[type];
    const schema = content?.schema.$ref;
    if (schema) this.#checkBody(schema.replace(REF, ''), body, method, tell);
    else if (content) return;
    else if (Object.keys(contents).length > 0) tell(`${operation.operationId} describes ${Object.keys(contents)}`);
  }

  #checkBody(schema: string, body: Buffer, method: string, tell: (what: string) => void): void {
    if (method === 'HEAD') return;
    const validate = validatorOf(schema);
    if (!validate(JSON.parse(body.toString('utf8')))) tell(`not as ${schema}: ${ajv.errorsText(validate.errors)}`);
  }
}

function operationFor(method: string, path: string): Operation | undefined {
  const route = ROUTES.find(
    (one) => one.method.toUpperCase() === method.replace('HEAD', 'GET') && patternOf(one.path).test(path),
  );
  return route && paths[route.path]?.[route.method];
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace('{key}', '.+').replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i');

function recordBody(response: ServerResponse): () => Buffer {
  const chunks: Buffer[] = [];
  response.write = recording(response.write, chunks);
  response.end = recording(response.end, chunks);
  return () => Buffer.concat(chunks);
}

function recording<Method extends (...args: never[]) => unknown>(method: Method, chunks: Buffer[]): Method {
  return new Proxy(method, {
    apply: (target, self, args) => {
      const [chunk] = args;
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
      return Reflect.apply(target, self, args);
    },
  });
}
