type Read = (text: string) => unknown;

/** As PostgreSQL numbers its types. @see https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const BOOL = 16;
const INT2 = 21;
const INT4 = 23;
const OID = 26;
const JSON_TEXT = 114;
const FLOAT4 = 700;
const FLOAT8 = 701;
const TIMESTAMPTZ = 1184;
const JSONB = 3802;

const READERS: ReadonlyMap<number, Read> = new Map<number, Read>([
  [BOOL, (text) => text === 't'],
  ...[INT2, INT4, OID, FLOAT4, FLOAT8].map((oid): [number, Read] => [oid, Number]),
  [JSON_TEXT, (text) => momentsIn(JSON.parse(text))],
  [JSONB, (text) => JSON.parse(text)],
  [TIMESTAMPTZ, isoMoment],
]);

const asText: Read = (text) => text;

/**
 * How we read what PostgreSQL sends, handed over with each query and each connection of ours: a host may have set other
 * parsers for its whole process (times or JSON as text, bigint as number). Every other type arrives as text.
 */
export const OWN_TYPES = { getTypeParser: (oid: number): Read => READERS.get(oid) ?? asText };

/**
 * A time as JSON, for a select list: ISO 8601 with its offset, whatever `DateStyle` a session has. Read as a `Date`; an
 * array of times as an array of them. All else that is JSON has to be jsonb.
 */
export const moment = (expression: string): string => `to_json(${expression})`;

function momentsIn(parsed: unknown): unknown {
  if (Array.isArray(parsed)) return parsed.map(momentsIn);
  return typeof parsed === 'string' ? new Date(parsed) : parsed;
}

const ISO = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(?::?(\d\d))?$/;

/** In the style of our own sessions. One in another style would be misread, so it is none. */
function isoMoment(text: string): Date {
  const [, day, time, hours, minutes = '00'] = ISO.exec(text) ?? [];
  if (day === undefined) throw new TypeError('PostgreSQL sent a time that is not in ISO 8601.');
  return new Date(`${day}T${time}${hours}:${minutes}`);
}
