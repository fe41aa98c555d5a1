import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Request } from 'express';
import { ArchiverError } from '../../errors.ts';

/** The parameters of a list, as JSON Schema: what is validated, what the handler is given, and what OpenAPI says of them. */
export interface QuerySchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, { readonly type: 'string' | 'integer'; readonly description: string }>>;
  readonly additionalProperties: false;
}

type Property = QuerySchema['properties'][string];

type ValueOf<One extends Property> = One extends { readonly enum: readonly (infer Choice)[] }
  ? Choice
  : One extends { readonly type: 'integer' }
    ? number
    : string;

type WithDefault<Properties> = {
  [Name in keyof Properties]: Properties[Name] extends { readonly default: unknown } ? Name : never;
}[keyof Properties];

/** What a request asks for by this schema: what has a default is always there. */
type AskedBy<Properties extends Readonly<Record<string, Property>>> = {
  readonly [Name in WithDefault<Properties>]: ValueOf<Properties[Name]>;
} & { readonly [Name in Exclude<keyof Properties, WithDefault<Properties>>]?: ValueOf<Properties[Name]> };

const text = { type: 'string', minLength: 1, maxLength: 500, pattern: '^[^\\u0000]*$' } as const;

/** Of every list. */
export const PAGE = {
  limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100, description: 'Entries of a page.' },
  after: { ...text, maxLength: 2000, description: 'The place of the page before, as the URL of the next page has it.' },
} as const;

/** A text by which a list is narrowed. */
export const textBy = <const Description extends string>(description: Description) =>
  ({ ...text, description }) as const;

const ajv = new Ajv2020({ allErrors: true, coerceTypes: true, useDefaults: true, strict: false });
ajv.addFormat('date-time', (written) => /^\d{4}-\d{2}-\d{2}T/.test(written) && !Number.isNaN(Date.parse(written)));

/**
 * What a request asks a list for. Throws `invalid-request` that names each parameter that is wrong, and those that the list does
 * not know.
 */
export function listQueryOf<const Schema extends QuerySchema>(
  schema: Schema,
  { query }: Request,
): AskedBy<Schema['properties']> {
  const given: unknown = { ...query };
  const plain: QuerySchema = schema;
  const validate = ajv.compile(plain);
  const isAsked = (asked: unknown): asked is AskedBy<Schema['properties']> => validate(asked);
  if (isAsked(given)) return given;
  const wrong = (validate.errors ?? []).map(({ instancePath, keyword, message, params }) => {
    if (keyword === 'additionalProperties') return `${params['additionalProperty']} is no parameter of this list`;
    const allowed: readonly unknown[] = params['allowedValues'] ?? [];
    return `${instancePath.slice(1)} ${message}${allowed.length === 0 ? '' : `: ${allowed.join(', ')}`}`;
  });
  throw new ArchiverError('invalid-request', `${wrong.join('; ')}.`);
}
