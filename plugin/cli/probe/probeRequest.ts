import { isObject } from '../../decide/isObject.ts';
import { ArchiverError } from '../../errors.ts';
import type { FetchRequest, HeaderMap, Known } from '../../model/attempt.ts';

/** The modes of a probe, as the command line and its input name them. */
export const MODES = ['demand', 'sweep', 'check'] as const;

/** One line of the probe's input, read tolerantly: what is null or missing is not known. */
export interface ProbeLine {
  readonly id: unknown;
  readonly request: FetchRequest;
}

/** A request that no portal stands behind. */
export function probeRequest(url: string, options: Partial<Omit<FetchRequest, 'url'>> = {}): FetchRequest {
  const request: FetchRequest = {
    url,
    mode: 'demand',
    known: null,
    declaredFormat: null,
    resourceName: null,
    now: Date.now(),
    keyPrefix: 'archive/00000000T000000Z/probe',
  };
  return { ...request, ...options };
}

/** Throws `ArchiverError('invalid-request')` that says which member is wrong. */
export function readProbeLine(members: Readonly<Record<string, unknown>>): ProbeLine {
  const { id = null, mode = 'demand', declaredFormat, resourceName, datasetTitle, now, known } = members;
  // A portal's resource without a URL is a link that is wrong, not a line that is.
  const url = members.url ?? '';
  if (typeof url !== 'string') throw wrong('url must be a text');
  const knownMode = MODES.find((one) => one === (mode ?? 'demand'));
  if (!knownMode) throw wrong(`mode must be one of ${MODES.join(', ')}`);
  const at = now === undefined || now === null ? Date.now() : moment(now);
  if (at === null) throw wrong('now must be an ISO 8601 time or epoch milliseconds');
  const request = probeRequest(url, {
    mode: knownMode,
    declaredFormat: textOrNull(declaredFormat),
    resourceName: textOrNull(resourceName),
    ...(typeof datasetTitle === 'string' && { datasetTitle }),
    now: at,
    known: isObject(known) ? readKnown(known, url) : null,
  });
  return { id, request };
}

function readKnown(known: Readonly<Record<string, unknown>>, url: string): Known {
  return {
    url: textOrNull(known.url) ?? url,
    // Without a time nothing can be fresh.
    storedAt: new Date(moment(known.storedAt) ?? 0).toISOString(),
    status: typeof known.status === 'number' ? known.status : 200,
    headers: isObject(known.headers) ? readHeaders(known.headers) : {},
    bytes: typeof known.bytes === 'number' ? known.bytes : null,
    md5: textOrNull(known.md5)?.toLowerCase() ?? null,
    sha256: textOrNull(known.sha256)?.toLowerCase() ?? null,
    ok: known.ok !== false,
    trusted: known.trusted !== false,
  };
}

/** Names in lower case; a name in several spellings is one field with several values (RFC 9110 section 5.1). */
function readHeaders(headers: Readonly<Record<string, unknown>>): HeaderMap {
  const read: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    const values = [read[key] ?? [], value ?? []].flat().map(String);
    const [only] = values;
    if (only !== undefined) read[key] = values.length === 1 ? only : values;
  }
  return read;
}

function moment(value: unknown): number | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const at = new Date(value).getTime();
  return Number.isNaN(at) ? null : at;
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const wrong = (message: string): ArchiverError => new ArchiverError('invalid-request', message);
