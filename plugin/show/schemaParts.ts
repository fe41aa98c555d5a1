/** A JSON Schema (draft 2020-12). */
export type Schema = Readonly<Record<string, unknown>>;

/** A string. */
export const text = { type: 'string' };
/** A string, or null where nothing is known. */
export const optionalText = { type: ['string', 'null'] };
/** A moment of RFC 3339. */
export const time = { type: 'string', format: 'date-time' };
/** A moment of RFC 3339; null: it never came. */
export const optionalTime = { type: ['string', 'null'], format: 'date-time' };
/** How many; from 0. */
export const count = { type: 'integer', minimum: 0 };
/** Where a list goes on, a whole URL. */
export const nextPage = {
  type: ['string', 'null'],
  format: 'uri',
  description: 'The next page; null: this is the last.',
};

/** An object whose members are these and no others. Every one is always there: what is not known is null. */
export const closed = (properties: Readonly<Record<string, Schema>>, type: string | string[] = 'object'): Schema => ({
  type,
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
