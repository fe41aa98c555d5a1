import type { Request, Response } from 'express';
import { ArchiverError } from '../../errors.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';

/** What an action is asked with: the query of a GET, the JSON object of a POST. */
export type ActionInput = Readonly<Record<string, unknown>>;

/** A parameter that is not as it should be; CKAN's answer is 409 with the fields that are wrong. */
export class InvalidParameter extends Error {
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    super(message);
    this.parameter = parameter;
  }
}

/** CKAN's envelope around what `act` answers, and around what it throws: `not-found`, {@link InvalidParameter}. */
export async function answerAction(
  deps: HandlerDeps,
  request: Request,
  response: Response,
  act: (input: ActionInput) => Promise<object>,
): Promise<void> {
  const name = request.path.slice(request.path.lastIndexOf('/') + 1);
  const help = `${deps.archiverUrl}/openapi.json#${name}`;
  try {
    const result = await act(inputOf(request));
    response.json({ help, success: true, result });
  } catch (error) {
    const { status, body } = errorOf(error);
    response.status(status).json({ help, success: false, error: body });
  }
}

function errorOf(error: unknown): { readonly status: number; readonly body: object } {
  if (error instanceof InvalidParameter)
    return { status: 409, body: { [error.parameter]: [error.message], __type: 'Validation Error' } };
  if (error instanceof ArchiverError && error.code === 'not-found')
    return { status: 404, body: { message: error.message, __type: 'Not Found Error' } };
  throw error;
}

/** Throws `invalid-request` for a body that is no JSON object. */
function inputOf({ method, query, body }: Request): ActionInput {
  if (method !== 'POST') return query;
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new ArchiverError('invalid-request', 'The body of an action is a JSON object.');
  return body;
}

/** A text that must be there. Throws {@link InvalidParameter}. */
export function textOf(input: ActionInput, parameter: string): string {
  const value = input[parameter];
  if (value === undefined || value === null || value === '') throw new InvalidParameter(parameter, 'Missing value');
  if (typeof value !== 'string' || value.includes('\0'))
    throw new InvalidParameter(parameter, 'Must be a Unicode string value');
  return value;
}
