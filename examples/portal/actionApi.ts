import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { Access } from './access.ts';
import { type Action, NotAuthorized, NotFound } from './actions.ts';
import { type Input, ValidationError } from './fields.ts';

/** `/api/3/action/:name` in the manner of CKAN: a JSON body for a POST, a query for a read, CKAN's envelope around the answer. */
export function actionRouter(actions: Readonly<Record<string, Action>>, access: Access): Router {
  const router = express.Router();
  router.use(express.json({ type: () => true, limit: '10mb', strict: true }));
  router.all('/:action', async (request, response) => {
    const name = request.params.action;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) return void refuse(response, `Action name not known: ${name}`);
    if (request.method !== 'POST' && !(action.isRead && (request.method === 'GET' || request.method === 'HEAD')))
      return void refuse(response, `${name} must be asked for by POST`);
    const role = access.roleOfApi(request);
    const result = await action.run(inputOf(request), role);
    response.json({ help: helpOf(request), success: true, result });
  });
  router.use(answerError);
  return router;
}

function inputOf({ method, body, query }: Request): Input {
  if (method !== 'POST') return query;
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  return {};
}

/** CKAN's answer to what is no call of an action at all: a JSON text without the envelope. */
const refuse = (response: Response, why: string): unknown => response.status(400).json(`Bad request - ${why}`);

const helpOf = (request: Request): string =>
  `${request.protocol}://${request.get('host')}/api/3/action/help_show?name=${request.path.slice(1)}`;

function answerError(error: unknown, request: Request, response: Response, next: NextFunction): unknown {
  const fail = (status: number, type: string, details: object) =>
    response.status(status).json({ help: helpOf(request), success: false, error: { ...details, __type: type } });
  if (error instanceof ValidationError) return fail(409, 'Validation Error', error.fields);
  if (error instanceof NotFound) return fail(404, 'Not Found Error', { message: error.message });
  if (error instanceof NotAuthorized)
    return fail(403, 'Authorization Error', { message: `Access denied: ${error.message}` });
  if (isBodyError(error)) return refuse(response, `JSON Error: ${error.message}`);
  return next(error);
}

/** What express.json throws; `expose` says that the message is meant for the client. */
const isBodyError = (error: unknown): error is Error =>
  error instanceof Error && 'expose' in error && error.expose === true;
