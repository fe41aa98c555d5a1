import type { RequestListener, ServerResponse } from 'node:http';
import { openApi } from '../../plugin/show/openapi.ts';
import { ROUTES } from '../../plugin/show/routes.ts';
import { DocumentCheck, type Operation } from './documentCheck.ts';

const check = new DocumentCheck(Object(openApi('http://x')));

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

  #check(method: string, path: string, response: ServerResponse, sent: Buffer): void {
    const status = response.statusCode;
    const type = String(response.getHeader('content-type') ?? '').split(';')[0] ?? '';
    const body = method === 'HEAD' ? null : sent.toString('utf8');
    const operation = operationFor(method, path);
    if (operation) this.seen.add(`${operation.operationId} ${status}`);
    const fault = operation ? check.faultOf(operation, { status, type, body }) : undescribed(status, type, body);
    if (fault !== null) this.wrong.push(`${method} ${path} answered ${status} ${type}: ${fault}`);
  }
}

/** Below /admin people are told as pages. */
function undescribed(status: number, type: string, body: string | null): string | null {
  if (status < 400) return 'no operation describes it';
  return type === 'text/html' || body === null ? null : check.shapeFault('Problem', body);
}

function operationFor(method: string, path: string): Operation | undefined {
  const route = ROUTES.find(
    (one) => one.method.toUpperCase() === method.replace('HEAD', 'GET') && patternOf(one.path).test(path),
  );
  return check.operations.find(({ operationId }) => operationId === route?.id);
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
