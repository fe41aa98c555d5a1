import type { Schema } from '../shapes/parts.ts';

/** What a part of a request may hold, as JSON Schema: its values come as texts, which are read by their types. */
export interface InputSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, InputProperty>>;
  readonly required?: readonly string[];
  /** false: what it does not know is refused. */
  readonly additionalProperties?: boolean;
  /** Which are needed together, each of these in place of the others. */
  readonly anyOf?: readonly { readonly required: readonly string[] }[];
}

/** One parameter, header or field; `refusal`: the sentence for whatever is wrong with it, which the document does not have. */
export type InputProperty = Schema & { readonly description: string; readonly refusal?: string };

const text = { type: 'string', minLength: 1, pattern: '^[^\\u0000]*$' } as const;

/** A text by which a list is narrowed. */
export const textBy = <const Description extends string>(description: Description) =>
  ({ ...text, maxLength: 500, description }) as const;

/** Of every list. */
export const PAGE = {
  limit: {
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 100,
    description: 'Entries of a page.',
    refusal: 'limit is a whole number, 1 to 1000.',
  },
  after: {
    ...text,
    description: 'The last entry of the page before, as the URL of the next page has it.',
    refusal: 'after is the name of an entry, once.',
  },
} as const;

/** The query of what is shown page by page and by nothing else. */
export const PAGED = { type: 'object', properties: PAGE, required: ['limit'] } as const satisfies InputSchema;

/** Of `GET /resources/:id/events`. */
export const EVENTS_QUERY = {
  type: 'object',
  properties: { ...PAGE, after: { ...PAGE.after, pattern: '^[0-9]{1,18}$', refusal: 'after is the id of an event.' } },
  required: ['limit'],
} as const satisfies InputSchema;

/** Headers that routes read, as the document has them. */
export const HEADERS = {
  'Idempotency-Key': {
    type: 'string',
    minLength: 1,
    maxLength: 255,
    description: '1 to 255 characters; the same caller and key within a day answer the same run.',
    refusal: 'An Idempotency-Key has 1 to 255 characters.',
  },
  Range: { type: 'string', description: 'One part, in bytes (RFC 9110 section 14.2).' },
  'Accept-Language': { type: 'string', description: 'Languages of the caller.' },
  'If-Range': { type: 'string', description: 'The version that the part is of.' },
  'If-Match': { type: 'string', description: 'RFC 9110 section 13.1.1.' },
  'If-None-Match': { type: 'string', description: 'RFC 9110 section 13.1.2.' },
  'If-Modified-Since': { type: 'string', description: 'RFC 9110 section 13.1.3.' },
  'If-Unmodified-Since': { type: 'string', description: 'RFC 9110 section 13.1.4.' },
} as const satisfies Readonly<Record<string, InputProperty>>;

/** One of {@link HEADERS}. */
export type HeaderName = keyof typeof HEADERS;

/** Texts that nothing is known of beforehand, any of which may be left out. */
export const texts = <const Named extends Readonly<Record<string, string>>>(named: Named) =>
  ({ type: 'object', properties: describedTexts(named) }) as const;

function describedTexts<Names extends string>(
  named: Readonly<Record<Names, string>>,
): Readonly<Record<Names, { readonly type: 'string'; readonly description: string }>>;
function describedTexts(named: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(named).map(([name, description]) => [name, { type: 'string', description }]),
  );
}
