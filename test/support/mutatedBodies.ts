import fc from 'fast-check';
import { BODIES, TOKENS } from './bodyCorpus.ts';

/** A body that no publisher meant to send, and what is said of it. */
export interface MutatedBody {
  readonly body: Buffer;
  /** The answer ended with these bytes. */
  readonly complete: boolean;
  readonly contentType: string | null;
  readonly declaredFormat: string | null;
  readonly path: string;
}

const MOST_BYTES = 64 * 1024;
const TYPES = [
  ...[
    null,
    'text/html',
    'text/csv; charset=utf-16',
    'application/json',
    'application/xml',
    'text/plain; charset=klingon',
  ],
  ...['application/octet-stream', 'application/zip', 'application/vnd.ms-excel', 'application/problem+json', 'x'],
];
const FORMATS = [null, 'CSV', 'JSON', 'GeoJSON', 'XML', 'XLSX', 'XLS', 'ZIP', 'KML', 'TTL', 'PDF', '☃'];
const PATHS = [
  '/',
  '/f',
  '/f.csv',
  '/f.json',
  '/f.xml',
  '/f.zip',
  '/f.xlsx',
  '/f.csv.gz',
  '/wms?service=WMS',
  '/%ff.tar.gz',
];

/** What is done to a body: of which kind, where, how much, and with which other bytes. */
type Change = readonly [kind: number, at: number, amount: number, other: number];
type Apply = (body: Buffer, at: number, amount: number, other: number) => Buffer;

const tokenOf = (other: number): Buffer => Buffer.from(TOKENS[other % TOKENS.length] ?? '', 'latin1');
const spliced = (body: Buffer, at: number, removed: number, added: Uint8Array): Buffer =>
  Buffer.concat([body.subarray(0, at), added, body.subarray(at + removed)]);
const repeated = (bytes: Buffer, length: number): Buffer => (bytes.length === 0 ? bytes : Buffer.alloc(length, bytes));

/** Those that make a body long are rarer: they take as much time as a hundred others. */
const CHANGES: readonly (readonly [weight: number, apply: Apply])[] = [
  [20, (body, at, amount) => spliced(body, at, 1, Uint8Array.of(amount))],
  [15, (body, at, amount) => spliced(body, at, amount % 64, new Uint8Array())],
  [25, (body, at, _, other) => spliced(body, at, 0, tokenOf(other))],
  [10, (body, at, amount) => spliced(body, at, 0, body.subarray(at, at + (amount % 200)))],
  [10, (body, at) => body.subarray(0, at)],
  [8, (body, at, _, other) => spliced(body, at, 0, BODIES[other % BODIES.length] ?? body)],
  [6, (body, at, amount) => spliced(body, at, amount % 16, new Uint8Array(amount % 16))],
  [4, (body, at, amount, other) => spliced(body, at, 0, repeated(tokenOf(other), amount % 2048))],
  [1, (body) => Buffer.from(body.toString('latin1'), 'utf16le')],
  [1, (body, at, amount, other) => spliced(body, at, 0, repeated(tokenOf(other), amount))],
];
const KINDS = CHANGES.flatMap(([weight], kind) => Array.from({ length: weight }, () => kind));

const change: fc.Arbitrary<Change> = fc.tuple(fc.nat(KINDS.length - 1), fc.nat(0xffff), fc.nat(0xffff), fc.nat(0xffff));

/** One of the corpus, changed up to eight times. */
export const mutatedBody: fc.Arbitrary<MutatedBody> = fc
  .tuple(
    fc.nat(BODIES.length - 1),
    fc.array(change, { minLength: 1, maxLength: 8, size: 'max' }),
    fc.boolean(),
    fc.nat(TYPES.length - 1),
    fc.nat(FORMATS.length - 1),
    fc.nat(PATHS.length - 1),
  )
  .map(([base, changes, complete, type, format, path]) => ({
    body: changes.reduce(changed, BODIES[base] ?? Buffer.alloc(0)).subarray(0, MOST_BYTES),
    complete,
    contentType: TYPES[type] ?? null,
    declaredFormat: FORMATS[format] ?? null,
    path: PATHS[path] ?? '/',
  }));

function changed(body: Buffer, [kind, at, amount, other]: Change): Buffer {
  const [, apply] = CHANGES[KINDS[kind] ?? 0] ?? [];
  return apply ? apply(body, at % (body.length + 1), amount, other) : body;
}
