import type { XStatic } from 'typebox/schema';
import { CODES, type Code } from '../../model/status.ts';

/** A JSON Schema (draft 2020-12). */
export type Schema = Readonly<Record<string, unknown>>;

/** What a value of this schema is in TypeScript. */
export type Shaped<One> = Frozen<XStatic<One>>;

type Frozen<Value> = Value extends object ? { readonly [Key in keyof Value]: Frozen<Value[Key]> } : Value;

/** One of several, of which there is at least one. */
type Some<Value> = readonly [Value, ...Value[]];

/** An object with these members and no others, all of them always there. */
export type Closed<Members> = {
  readonly type: 'object';
  readonly properties: Members;
  readonly required: Some<keyof Members & string>;
  readonly additionalProperties: false;
};

/** A string. */
export const text = { type: 'string' } as const;
/** A string, or null where nothing is known. */
export const optionalText = { type: ['string', 'null'] } as const;
/** A whole URL, or null. */
export const optionalUrl = { type: ['string', 'null'], format: 'uri' } as const;
/** A moment of RFC 3339. */
export const time = { type: 'string', format: 'date-time' } as const;
/** A moment of RFC 3339; null: it never came. */
export const optionalTime = { type: ['string', 'null'], format: 'date-time' } as const;
/** How many; from 0. */
export const count = { type: 'integer', minimum: 0 } as const;
/** Yes or no. */
export const truth = { type: 'boolean' } as const;
/** Yes, no, or null where nobody is sure. */
export const unsureTruth = { type: ['boolean', 'null'] } as const;
/** Where a list goes on, a whole URL. */
export const nextPage = {
  type: ['string', 'null'],
  format: 'uri',
  description: 'The next page; null: this is the last.',
} as const;

/** The keys of a table, typed. */
export function keysOf<const Table extends object>(table: Table): Some<keyof Table & string> {
  const keys: (keyof Table & string)[] = [];
  for (const key in table) keys.push(key);
  const [first, ...others] = keys;
  if (first === undefined) throw new TypeError('The table is empty.');
  return [first, ...others];
}

/** How an attempt ended. */
export const code: { readonly enum: Some<Code> } = { enum: keysOf(CODES) };
/** The same; null: none has ended yet. */
export const optionalCode: { readonly enum: Some<Code | null> } = { enum: [...keysOf(CODES), null] };

/** An object whose members these are and no others. Every one is always there: what is not known is null. */
export const closed = <const Members extends Readonly<Record<string, Schema>>>(
  properties: Members,
): Closed<Members> => ({ type: 'object', properties, required: keysOf(properties), additionalProperties: false });

/** The same, or null. */
export const orNull = <One extends Schema, const Description extends string>(one: One, description: Description) =>
  ({ anyOf: [one, { type: 'null' }], description }) as const;

/** So many of them. */
export const listOf = <One extends Schema>(items: One) => ({ type: 'array', items }) as const;
