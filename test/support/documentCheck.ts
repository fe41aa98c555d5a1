import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** An operation of an OpenAPI document, as far as tests read it. */
export interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>;
}

/** An answer as it came; `body` null: there is none to look at. */
export interface CameBack {
  readonly status: number;
  readonly type: string;
  readonly body: string | null;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'method' | 'path'>>>>>;

const pointer = (...parts: readonly string[]): string =>
  `document#/${parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;

/** Holds answers against an OpenAPI 3.1 document. */
export class DocumentCheck {
  readonly operations: readonly Operation[];
  readonly #ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });

  constructor(document: { readonly paths: Paths }) {
    this.#ajv.addSchema(document, 'document');
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method, path })),
    );
  }

  /** What is not as the operation describes it; null: nothing. */
  faultOf({ operationId, method, path, responses }: Operation, { status, type, body }: CameBack): string | null {
    const described = responses[status];
    if (!described) return `${operationId} describes no ${status}`;
    const types = Object.keys(described.content ?? {});
    if (types.length === 0) return null;
    if (!types.includes(type)) return `${operationId} describes ${types} for ${status}, not ${type}`;
    const isJson = /[/+]json$/.test(type) && !/ld\+json|feed\+json/.test(type);
    if (body === null || !isJson || path.includes('{key}')) return null;
    const schema = pointer('paths', path, method, 'responses', String(status), 'content', type, 'schema');
    return this.#bodyFault(this.#ajv.getSchema(schema), body);
  }

  /** The same of a component of the document. */
  shapeFault(name: string, body: string): string | null {
    return this.#bodyFault(this.#ajv.getSchema(pointer('components', 'schemas', name)), body);
  }

  #bodyFault(validate: ValidateFunction | undefined, body: string): string | null {
    if (!validate) return 'the document has no such schema';
    return validate(JSON.parse(body)) ? null : this.#ajv.errorsText(validate.errors);
  }
}
