import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { ArchiverError } from '../../errors.ts';
import type { Shaped } from '../shapes/parts.ts';
import type { InputSchema } from './inputParts.ts';

/** Something that was asked for and is not as the schema says. */
export interface Fault {
  /** The parameter, header or field. */
  readonly name: string;
  /** The keyword of JSON Schema that it breaks. */
  readonly keyword: string;
  /** The value that was given. */
  readonly given: unknown;
  /** For the client; without a full stop. */
  readonly sentence: string;
}

/** What was given by the schema, or everything that is wrong with it, in the order of the schema. */
export type Checked<Value> = { readonly value: Value } | { readonly faults: readonly Fault[] };

const ajv = new Ajv2020({ allErrors: true, useDefaults: true, strict: false, verbose: true });
ajv.addFormat('date-time', (written) => /^\d{4}-\d{2}-\d{2}T/.test(written) && !Number.isNaN(Date.parse(written)));

/** Holds against `schema` what a request has: texts, of which those are read that are to be numbers. */
export function checked<const Schema extends InputSchema>(schema: Schema, raw: object): Checked<Shaped<Schema>> {
  const given: unknown = Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [name, read(schema.properties[name]?.['type'], value)]),
  );
  const validate = validatorOf(schema);
  const isAsked = (asked: unknown): asked is Shaped<Schema> => validate(asked);
  if (isAsked(given)) return { value: given };
  const names = Object.keys(schema.properties);
  // That says only that something below it is wrong.
  const faults = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'anyOf').map(faultOf);
  return { faults: faults.toSorted((one, other) => names.indexOf(one.name) - names.indexOf(other.name)) };
}

/** The same. Throws `invalid-request` that names each parameter that is wrong, and those that the schema refuses. */
export function inputOf<const Schema extends InputSchema>(schema: Schema, raw: object): Shaped<Schema> {
  const found = checked(schema, raw);
  if ('value' in found) return found.value;
  const sentences = new Set(found.faults.map(({ sentence }) => sentence.replace(/\.$/, '')));
  throw new ArchiverError('invalid-request', `${[...sentences].join('; ')}.`);
}

/** By their text: some are made again for each request, and the library would keep every one of them. */
const validators = new Map<string, ValidateFunction>();

function validatorOf(schema: InputSchema): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = validators.get(text);
  if (known) return known;
  const validator = ajv.compile(schema);
  validators.set(text, validator);
  return validator;
}

function read(type: unknown, value: unknown): unknown {
  const isNumber = type === 'integer' && typeof value === 'string' && /^\d{1,9}$/.test(value);
  return isNumber ? Number(value) : value;
}

function faultOf({ instancePath, keyword, message, params, parentSchema, data }: ErrorObject): Fault {
  const name = String(params['missingProperty'] ?? params['additionalProperty'] ?? instancePath.slice(1));
  const refusal: unknown = parentSchema?.['refusal'];
  const allowed: readonly unknown[] = params['allowedValues'] ?? [];
  const choices = allowed.length === 0 ? '' : `: ${allowed.join(', ')}`;
  const said = keyword === 'additionalProperties' ? 'is no parameter of this list' : `${message}${choices}`;
  const sentence = typeof refusal === 'string' ? refusal : `${name} ${said}`;
  return { name, keyword, given: keyword === 'required' ? undefined : data, sentence };
}
