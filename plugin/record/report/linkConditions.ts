import { ArchiverError } from '../../errors.ts';
import type { LinkFilter, LinkOrder, LinkState } from '../ReportedLinks.ts';
import { readCursor } from './cursor.ts';

/** Part of a statement about links (`l`), and what its names stand for. */
export interface Conditions {
  readonly sql: readonly string[];
  readonly bindings: Readonly<Record<string, unknown>>;
}

/** Of what an order sorts by, as text that a cursor keeps to the microsecond. */
const momentText = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

interface Order {
  readonly by: string;
  /** Those that it sorts by. */
  readonly columns: string;
  /** What a cursor needs of a row besides its id. */
  readonly place: string;
  readonly later: string;
  readonly condition: string;
}

/** As the partial indexes have it. */
const FAILING = 'l.failing_since is not null';

/** Each is served by an index. */
export const ORDERS: Readonly<Record<LinkOrder, Order>> = {
  resource: {
    by: 'l.resource_id',
    columns: 'l.resource_id',
    place: `''`,
    later: 'l.resource_id > :lastId',
    condition: 'true',
  },
  failing: {
    by: 'l.failing_since, l.resource_id',
    columns: 'l.resource_id, l.failing_since',
    place: momentText('l.failing_since'),
    later: '(l.failing_since, l.resource_id) > (cast(:lastAt as timestamptz), :lastId)',
    condition: FAILING,
  },
  changed: {
    by: 'l.changed_at desc, l.resource_id desc',
    columns: 'l.resource_id, l.changed_at',
    place: momentText('l.changed_at'),
    later: '(l.changed_at, l.resource_id) < (cast(:lastAt as timestamptz), :lastId)',
    condition: 'true',
  },
};

/** What a filter asks of each link, less the organisation. */
export function filterConditions(filter: LinkFilter): Conditions {
  const { host, code, datasetId, states, failingBefore, proposed, changedSince } = filter;
  return {
    sql: [
      ...(host === undefined ? [] : ['l.host = :host']),
      ...(code === undefined ? [] : ['l.code = :code']),
      ...(datasetId === undefined ? [] : ['l.dataset_id = :datasetId']),
      ...(states === undefined ? [] : stateConditions(states)),
      ...(failingBefore === undefined ? [] : ['l.failing_since <= :failingBefore']),
      ...(proposed === true ? [PROPOSED] : []),
      ...(changedSince === undefined ? [] : ['l.changed_at >= :changedSince']),
    ],
    bindings: { host, code, datasetId, failingBefore, changedSince },
  };
}

/** Links for which another URL is proposed that is still theirs. */
export const PROPOSALS = `
  :schema:.proposal as p join :schema:.archival as a on a.resource_id = p.resource_id and a.url = p.of_url
  where p.state = 'proposed'`;

const PROPOSED = `l.resource_id in (select p.resource_id from ${PROPOSALS})`;

const STATE: Readonly<Record<LinkState, string>> = {
  archived: 'l.failures < 0',
  broken: `${FAILING} and l.failures >= :confirmFailures`,
  unsure: `${FAILING} and l.failures < :confirmFailures`,
  unfetched: 'l.code is null and l.failures >= 0',
};

/**
 * That none of them works is said by itself, so that the indexes of those are of use, and once: each condition makes the planner
 * expect fewer rows.
 */
function stateConditions(states: readonly LinkState[]): readonly string[] {
  const wanted = [...new Set(states)].toSorted();
  const [only, other] = wanted;
  if (only === undefined) return ['false'];
  if (only === 'broken' && other === undefined) return [FAILING, 'l.failures >= :confirmFailures'];
  if (only === 'unsure' && other === undefined) return [FAILING, 'l.failures < :confirmFailures'];
  if (wanted.join() === 'broken,unsure') return [FAILING];
  return [`(${wanted.map((state) => `(${STATE[state]})`).join(' or ')})`];
}

const MOMENT = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** What lies behind a cursor. Throws `ArchiverError('invalid-request')` for one of another list. */
export function placeConditions(order: LinkOrder, after: string | null): Conditions {
  if (after === null) return { sql: [], bindings: {} };
  const [lastAt, lastId] = readCursor(after, order, ['string', 'string']);
  if (order !== 'resource' && !MOMENT.test(String(lastAt)))
    throw new ArchiverError('invalid-request', 'The cursor is none of this list.');
  return { sql: [ORDERS[order].later], bindings: { lastAt, lastId } };
}
