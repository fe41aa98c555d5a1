import type { Operation } from './documentCheck.ts';

/** What the portal has for operations to be about. */
export interface Things {
  readonly run: string;
  readonly resource: string;
  readonly dataset: string;
  readonly host: string;
  /** Of a copy, without `archive/`. */
  readonly key: string;
}

/** A request; `role` is the one of whom the portal knows. */
export interface Call {
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly role: 'administrator' | 'anonymous';
  /** What is fetched before, and then asked for with its ETag. */
  readonly conditional?: true;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const KINDS: Readonly<Record<string, keyof Things>> = { runs: 'run', resources: 'resource', datasets: 'dataset' };
/** Idempotency-Keys under which a dataset and a resource were archived. */
export const USED_KEYS = { dataset: 'used for a dataset', resource: 'used for a resource' };
const LONG = 'x'.repeat(200 * 1024);

/** What an operation needs to be answered well, besides what its path names. */
const NEEDS: Readonly<Record<string, (things: Things) => Partial<Call>>> = {
  adminAgendashChange: () => ({
    path: '/admin/queue/agendash/api/jobs/delete',
    body: '{"jobIds":[]}',
    headers: { ...JSON_TYPE, Origin: 'own' },
  }),
  archiverResourceShow: ({ resource }) => ({ query: `id=${resource}` }),
  archiverResourceShowByPost: ({ resource }) => ({ body: JSON.stringify({ id: resource }), headers: JSON_TYPE }),
  archiverDatasetShow: ({ dataset }) => ({ query: `id=${dataset}` }),
  archiverDatasetShowByPost: ({ dataset }) => ({ body: JSON.stringify({ id: dataset }), headers: JSON_TYPE }),
  taskStatusShow: ({ resource }) => ({ query: `entity_id=${resource}&task_type=archiver&key=status` }),
  taskStatusShowByPost: ({ resource }) => ({
    body: JSON.stringify({ entity_id: resource, task_type: 'archiver', key: 'status' }),
    headers: JSON_TYPE,
  }),
};

/** Statuses that another test provokes: nothing of the portal as it starts leads to them. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'applyProposal 200': 'proposals.test.ts',
  'applyProposal 409': 'proposals.test.ts',
  'applyProposal 412': 'proposals.test.ts',
  'dismissProposal 200': 'proposals.test.ts',
  'dismissProposal 409': 'proposals.test.ts',
  'dismissProposal 412': 'proposals.test.ts',
  'adminApplyProposal 303': 'proposals.test.ts',
  'adminApplyProposal 409': 'proposals.test.ts',
  'adminApplyProposal 412': 'proposals.test.ts',
  'adminDismissProposal 303': 'proposals.test.ts',
  'adminDismissProposal 409': 'proposals.test.ts',
  'adminDismissProposal 412': 'proposals.test.ts',
};

/** A token that holds is in a mail alone, which other tests read. */
export const isByToken = ({ path }: Operation): boolean => path.includes('{token}');

/** A failing service cannot be had by asking: tests of health, start and each service see to these. */
export const isProvoked = (operation: Operation, status: string): boolean =>
  status !== '500' &&
  status !== '503' &&
  !(isByToken(operation) && status < '400') &&
  ELSEWHERE[`${operation.operationId} ${status}`] === undefined;

/** How to be answered with `status`; null: nobody has said how. */
export function callFor(operation: Operation, status: string, things: Things): Call | null {
  const good = goodCall(operation, things);
  return good && (HOW[status]?.(operation, good, things) ?? null);
}

/** How an operation is asked so that it does what it is for; null: nobody has said how. */
export function goodCall({ operationId, path }: Operation, things: Things): Call | null {
  const { run, resource, dataset, host, key } = things;
  const ids: Readonly<Record<string, string>> = { run, resource, dataset };
  const filled = path
    .replace(/\/(\w+)\/\{id\}/, (whole, kind: string) => {
      const thing = KINDS[kind];
      return thing === undefined ? whole : `/${kind}/${ids[thing]}`;
    })
    .replace('{host}', host)
    .replace('{token}', 'none')
    .replace(/^\/archive\/\{key\}/, `/archive/${key}`)
    .replace(/\/agendash\/\{key\}/, '/agendash/api');
  if (filled.includes('{')) return null;
  return { path: filled, query: '', headers: {}, role: 'administrator', ...NEEDS[operationId]?.(things) };
}

type How = (operation: Operation, good: Call, things: Things) => Call | null;

const well: How = (_operation, good) => good;

/** Agendash's page has a slash at its end, and leads there without it. */
const shown: How = ({ operationId }, good) =>
  operationId === 'adminAgendash' ? { ...good, path: `${good.path}/` } : good;

const HOW: Readonly<Record<string, How>> = {
  200: shown,
  202: well,
  303: well,
  206: (_operation, good) => ({ ...good, headers: { Range: 'bytes=0-3' } }),
  304: (_operation, good) => ({ ...good, conditional: true }),
  400: wrong,
  403: ({ method }, good) =>
    method === 'post'
      ? { ...good, headers: { ...good.headers, 'Sec-Fetch-Site': 'cross-site' } }
      : { ...good, role: 'anonymous' },
  404: (operation, good, things) => {
    const { operationId, path } = operation;
    if (isByToken(operation)) return good;
    if (path.includes('agendash'))
      return { ...good, path: `${good.path}/nothing`, headers: { ...good.headers, Origin: 'own' } };
    if (operationId.startsWith('archiver') || operationId.startsWith('taskStatus'))
      return { ...good, query: good.query.replace(/id=[^&]*/, 'id=none'), ...bodyOf(good, { id: 'none' }) };
    const { run, resource, dataset, host, key } = things;
    const named = [run, resource, dataset, host, key].find((one) => good.path.includes(one));
    return named === undefined ? null : { ...good, path: good.path.replace(named, 'none') };
  },
  409: (_operation, good) => ({ ...good, query: '', ...bodyOf(good, {}) }),
  412: (_operation, good) => ({ ...good, headers: { 'If-Match': '"another"' } }),
  413: (_operation, good) => ({ ...good, body: LONG }),
  416: (_operation, good) => ({ ...good, headers: { Range: 'bytes=99999999999-' } }),
  422: ({ operationId }, good) => ({
    ...good,
    headers: { 'Idempotency-Key': operationId === 'archiveDataset' ? USED_KEYS.resource : USED_KEYS.dataset },
  }),
};

const bodyOf = ({ body }: Call, other: object): Pick<Call, 'body'> =>
  body === undefined ? {} : { body: JSON.stringify(other) };

/** A path that is no UTF-8, a page of no entries, a table or a body that there is not. */
function wrong({ path, parameters, requestBody }: Operation, good: Call): Call | null {
  if (/\{(id|host)\}/.test(path)) return { ...good, path: path.replace(/\{\w+\}/, '%ff') };
  if (/\{(key|token)\}/.test(path)) return { ...good, path: path.replace(/\{\w+\}/, '%ff') };
  if (parameters.some(({ name }) => name === 'limit')) return { ...good, query: 'limit=0' };
  if (path.startsWith('/admin')) return { ...good, query: 'table=none' };
  return requestBody ? { ...good, body: 'no JSON' } : null;
}
