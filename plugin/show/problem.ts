import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { ArchiverError, type ErrorCode, messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';

const STATUS: Partial<Record<ErrorCode, number>> = {
  'invalid-request': 400,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'host-refused': 409,
  'precondition-failed': 412,
  'payload-too-large': 413,
  'range-not-satisfiable': 416,
  'idempotency-conflict': 422,
  'not-started': 503,
  stopped: 503,
  'database-failed': 503,
  'queue-failed': 503,
  'portal-failed': 503,
  'store-failed': 503,
};

/** RFC 9110 section 15.5.21 renamed it after Node.js had named it. */
const TITLES: Readonly<Record<number, string | undefined>> = { ...STATUS_CODES, 422: 'Unprocessable Content' };

/** Headers of what would have been sent: on an error they would be false, and a cache would keep them. */
const REPRESENTATION = [
  'Content-Disposition',
  'ETag',
  'Repr-Digest',
  'Last-Modified',
  'Accept-Ranges',
  'Content-Length',
];

/** An error as it is told. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  /** A sentence for people. */
  readonly detail: string;
  readonly code: ErrorCode;
}

const asPages = new WeakMap<Response, (problem: Problem) => string>();

/** What goes wrong with this answer is told as a page, whose HTML `render` makes. */
export function tellProblemsAs(response: Response, render: (problem: Problem) => string): void {
  asPages.set(response, render);
}

/** The one place where an error becomes an answer: problem details (RFC 9457) with our stable `code`, or a page. */
export function sendProblem(response: Response, code: ErrorCode, detail: string): void {
  const status = STATUS[code] ?? 500;
  const title = TITLES[status] ?? 'Error';
  for (const name of REPRESENTATION) response.removeHeader(name);
  response.setHeader('Cache-Control', 'no-store');
  if (status === 503) response.setHeader('Retry-After', '5');
  response.status(status);
  const render = asPages.get(response);
  if (render) response.type('html').send(render({ status, title, detail, code }));
  else
    response
      .type('application/problem+json')
      .send(JSON.stringify({ type: 'about:blank', title, status, detail, code }));
}

/** Answers what no route has answered. */
export const notFound: RequestHandler = (request, response) => {
  sendProblem(response, 'not-found', `There is nothing at ${request.path}.`);
};

/** A route exists, but not for this method. */
export function onlyFor(...methods: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader('Allow', methods.join(', '));
    sendProblem(
      response,
      'method-not-allowed',
      `${request.method} is not for ${request.path}; it takes ${methods.join(', ')}.`,
    );
  };
}

/** What is ours is told; what is not is logged, for it may hold what nobody should read. */
export function onError(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    if (response.headersSent) {
      logger.error({ path: request.path, error: messageOf(error) }, 'an answer broke off');
      response.destroy();
      return;
    }
    const isOurs = error instanceof ArchiverError;
    const isStarting = isOurs && error.code === 'not-started';
    if (!isStarting && !isBadRequest(error) && (!isOurs || (STATUS[error.code] ?? 500) >= 500))
      logger.error({ path: request.path, error: messageOf(error) }, 'a request failed');
    if (isOurs && (STATUS[error.code] ?? 500) < 500) return sendProblem(response, error.code, error.message);
    if (isBadRequest(error)) return sendProblem(response, 'invalid-request', 'The request cannot be read.');
    if (isOurs && STATUS[error.code] === 503)
      return sendProblem(response, error.code, 'A service behind the archiver does not answer.');
    sendProblem(response, 'internal', 'Something went wrong; the log says what.');
  };
}

/** What Express throws for a path that is not decodable. */
function isBadRequest(error: unknown): boolean {
  return error instanceof URIError || (error instanceof Error && 'status' in error && error.status === 400);
}
