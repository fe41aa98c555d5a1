import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import type { Logger } from 'pino';
import type { Access } from './access.ts';
import type { Action } from './actions.ts';
import { type Input, ValidationError } from './fields.ts';
import { NotAuthorized, NotFound } from './refusals.ts';

/** `/api/3/action/:name` in the manner of CKAN: a JSON body for a POST, a query for a read, CKAN's envelope around the answer. */
export function actionRouter(actions: Readonly<Record<string, Action>>, access: Access, logger: Logger): Router {
  const router = express.Router();
  router.use(readBody(access));
  router.all('/:action', async (request, response) => {
    const name = request.params.action;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) return void refuse(response, `Action name not known: ${name}`);
    if (request.method !== 'POST' && !(action.isRead && (request.method === 'GET' || request.method === 'HEAD')))
      return void refuse(response, `${name} must be asked for by POST`);
    const input = inputOf(request);
    if (!input) return void refuse(response, 'The body must be a JSON object.');
    const result = await action.run(input, access.roleOfApi(request));
    response.json({ help: helpOf(request), success: true, result });
  });
  router.use(answerError(logger));
  return router;
}

/** Before anybody is known little is read. */
function readBody(access: Access): RequestHandler {
  const [few, many] = ['100kb', '10mb'].map((limit) => express.json({ type: () => true, limit, strict: true }));
  return (request, response, next) =>
    (access.roleOfApi(request) === 'anonymous' ? few : many)?.(request, response, next);
}

/** null: no object. No body at all is an empty one. */
function inputOf({ method, body, query }: Request): Input | null {
  if (method !== 'POST') return query;
  return Array.isArray(body) ? null : (body ?? {});
}

/** CKAN's answer to what is no call of an action at all: a JSON text without the envelope. */
const refuse = (response: Response, why: string, status = 400): unknown =>
  response.status(status).json(`Bad request - ${why}`);

const helpOf = (request: Request): string =>
  `${request.protocol}://${request.get('host')}/api/3/action/help_show?name=${request.path.slice(1)}`;

function answerError(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const fail = (status: number, type: string, details: object) =>
      response.status(status).json({ help: helpOf(request), success: false, error: { ...details, __type: type } });
    if (error instanceof ValidationError) return fail(409, 'Validation Error', error.fields);
    if (error instanceof NotFound) return fail(404, 'Not Found Error', { message: error.message });
    if (error instanceof NotAuthorized)
      return fail(403, 'Authorization Error', { message: `Access denied: ${error.message}` });
    if (isClientError(error)) return refuse(response, error.message, statusOf(error));
    logger.error({ path: request.path, error: String(error) }, 'an action failed');
    return fail(500, 'Internal Server Error', { message: 'Something went wrong; the log says what.' });
  };
}

/** 413 for a body that is too long, 400 for all else that cannot be read. */
export const statusOf = (error: Error): number => ('status' in error && error.status === 413 ? 413 : 400);

/** What Express throws for a body or an address that cannot be read. */
export const isClientError = (error: unknown): error is Error =>
  error instanceof Error && 'status' in error && Number(error.status) >= 400 && Number(error.status) < 500;
