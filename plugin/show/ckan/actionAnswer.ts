import type { Request, Response } from 'express';
import { ArchiverError } from '../../errors.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';
import { checked } from '../input/inputOf.ts';
import type { InputSchema } from '../input/inputParts.ts';
import type { Shaped } from '../shapes/parts.ts';

/** A parameter that is not as it should be; CKAN's answer is 409 with the fields that are wrong. */
class InvalidParameter extends Error {
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
  act: () => Promise<object>,
): Promise<void> {
  const name = request.path.slice(request.path.lastIndexOf('/') + 1);
  const help = `${deps.archiverUrl}/openapi.json#${name}`;
  try {
    const result = await act();
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

/**
 * What an action is asked with: the query of a GET, the JSON object of a POST, in which null and an empty text are nothing, as CKAN
 * reads them. Throws {@link InvalidParameter}; `invalid-request` for a body that is no JSON object.
 */
export function actionInputOf<const Parameters extends InputSchema>(
  parameters: Parameters,
  request: Request,
): Shaped<Parameters> {
  const given = Object.entries(givenIn(request)).filter(([, value]) => value !== null && value !== '');
  const found = checked(parameters, Object.fromEntries(given));
  if ('value' in found) return found.value;
  const [fault] = found.faults;
  const message = fault?.keyword === 'required' ? 'Missing value' : 'Must be a Unicode string value';
  throw new InvalidParameter(fault?.name ?? '__junk', message);
}

function givenIn({ method, query, body }: Request): object {
  if (method !== 'POST') return query;
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new ArchiverError('invalid-request', 'The body of an action is a JSON object.');
  return body;
}
