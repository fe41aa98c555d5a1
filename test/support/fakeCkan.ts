import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeResource {
  id: string;
  url: string;
  url_type?: string | null;
  state?: string;
  cache_url?: string | null;
  cache_last_updated?: string | null;
  [field: string]: unknown;
}

export interface FakeDataset {
  id: string;
  name: string;
  state?: string;
  private?: boolean | string;
  organization?: { name: string };
  metadata_modified: string;
  resources: FakeResource[];
  [field: string]: unknown;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeCall {
  readonly action: string;
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly authorization: string | null;
  readonly cookie: string | null;
}

/** Answers of an action before the fake's own; null: the fake's own. */
type Interception = (call: FakeCall) => FakeAnswer | null;

/**
 * What CKAN 2.11's Action API answers, as far as a mirror asks: made after answers of a real one. `intercept` stands for
 * whatever is before, or wrong with, the portal.
 */
export class FakeCkan {
  datasets: FakeDataset[] = [];
  /** Silently caps `rows`, as `ckan.search.rows_max`. */
  rowsMax = 1000;
  /** Tokens that are good, and whose they are. */
  readonly tokens = new Map<string, { name: string; sysadmin: boolean }>();
  /** Bytes of uploads by resource id. */
  readonly uploads = new Map<string, string>();
  readonly calls: FakeCall[] = [];
  readonly activities: string[] = [];
  readonly taskStatuses: Record<string, unknown>[] = [];
  intercept: Interception = () => null;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #path: string;

  /** `path`: below which the portal lies, such as `/data`. */
  constructor(path = '') {
    this.#path = path;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get site(): string {
    return `http://127.0.0.1:${this.port}${this.#path}`;
  }

  /** The URL that CKAN gives an upload. */
  uploadUrl(datasetId: string, resourceId: string, file: string): string {
    return `${this.site}/dataset/${datasetId}/resource/${resourceId}/download/${file}`;
  }

  callsOf(action: string): FakeCall[] {
    return this.calls.filter((call) => call.action === action);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.site);
    const [, action] = new RegExp(`^${this.#path}/api/3/action/(\\w+)$`).exec(url.pathname) ?? [];
    const authorization = request.headers.authorization ?? null;
    if (action === undefined) return this.#answerFile(url, authorization, response);
    const text = await bodyOf(request);
    const parameters = request.method === 'POST' ? JSON.parse(text || '{}') : Object.fromEntries(url.searchParams);
    const cookie = request.headers.cookie ?? null;
    const call = { action, method: request.method ?? '', parameters, authorization, cookie };
    this.calls.push(call);
    const { status, body, headers = {} } = this.intercept(call) ?? this.#act(call);
    const type = typeof body === 'string' && body.startsWith('<') ? 'text/html' : 'application/json;charset=utf-8';
    response.writeHead(status, { 'content-type': type, 'set-cookie': 'ckan=session; Path=/', ...headers });
    response.end(type === 'text/html' ? String(body) : JSON.stringify(body));
  }

  #answerFile(url: URL, authorization: string | null, response: ServerResponse): void {
    const [, datasetId, resourceId] = /\/dataset\/([^/]+)\/resource\/([^/]+)\/download\//.exec(url.pathname) ?? [];
    const dataset = this.datasets.find(({ id }) => id === datasetId);
    const bytes = this.uploads.get(resourceId ?? '');
    const call = { action: 'download', method: 'GET', parameters: { resourceId }, authorization, cookie: null };
    this.calls.push(call);
    if (!dataset || bytes === undefined) return void response.writeHead(404).end('<html>Not found</html>');
    if (isTrue(dataset.private) && !this.#user(authorization))
      return void response.writeHead(403, { 'content-type': 'text/html' }).end('<html>Not authorized</html>');
    response.writeHead(200, { 'content-type': 'text/csv', etag: `"${bytes.length}"` }).end(bytes);
  }

  #user(authorization: string | null) {
    return authorization === null ? undefined : this.tokens.get(authorization);
  }

  #act(call: FakeCall): FakeAnswer {
    const { action, parameters, authorization } = call;
    const user = this.#user(authorization);
    switch (action) {
      case 'status_show':
        return ok({ site_title: 'Fake', site_url: this.site, ckan_version: '2.11.6', extensions: [] });
      case 'user_show':
        return user ? ok(user) : refusal(404, 'Not Found Error', 'Not found');
      case 'package_search':
        return this.#search(parameters, user !== undefined);
      case 'package_list': {
        const { limit = Number.POSITIVE_INFINITY, offset = 0 } = parameters;
        const names = this.datasets.filter(isPublic).map(({ name }) => name);
        return ok(names.sort().slice(Number(offset), Number(offset) + Math.min(Number(limit), this.rowsMax)));
      }
      case 'package_show': {
        const found = this.datasets.find(({ id, name }) => id === parameters.id || name === parameters.id);
        if (!found) return refusal(404, 'Not Found Error', 'Not found');
        if (!isPublic(found) && !user) return refusal(403, 'Authorization Error', 'Access denied');
        return ok(shown(found));
      }
      case 'resource_patch':
        return user ? this.#patch(parameters) : refusal(403, 'Authorization Error', 'Access denied');
      case 'task_status_update_many': {
        if (!user?.sysadmin) return refusal(403, 'Authorization Error', 'Access denied');
        const { data } = parameters;
        if (Array.isArray(data)) this.taskStatuses.push(...data);
        return ok({ results: data });
      }
      default:
        return { status: 400, body: `Bad request - Action name not known: ${action}` };
    }
  }

  #search(parameters: FakeCall['parameters'], isMember: boolean): FakeAnswer {
    const { rows = 10, start = 0, fq = '', fl, sort } = parameters;
    if (Number(rows) < 0) return refusal(409, 'Validation Error', undefined, { rows: ['Must be a natural number'] });
    const withPrivate = isMember && isTrue(parameters.include_private);
    const found = this.datasets
      .filter(
        (dataset) => (isPublic(dataset) || (withPrivate && isTrue(dataset.private))) && holds(String(fq), dataset),
      )
      .sort((one, other) => (sort === 'id asc' ? (one.id < other.id ? -1 : 1) : 0));
    const page = found.slice(Number(start), Number(start) + Math.min(Number(rows), this.rowsMax));
    const fields = fl === undefined ? null : String(fl).split(',');
    const results = page.map((dataset) => (fields ? pick(dataset, fields) : shown(dataset)));
    return ok({ count: found.length, results, sort, facets: {}, search_facets: {} });
  }

  #patch({ id, ...fields }: FakeCall['parameters']): FakeAnswer {
    const dataset = this.datasets.find(({ resources }) => resources.some((resource) => resource.id === id));
    const resource = dataset?.resources.find((one) => one.id === id);
    if (!dataset || !resource) return refusal(404, 'Not Found Error', 'Not found: Resource was not found.');
    if (/[Zz]|[+-]\d\d:?\d\d$/.test(String(fields.cache_last_updated ?? '')))
      return refusal(409, 'Validation Error', undefined, { cache_last_updated: ['Date format incorrect'] });
    for (const [name, value] of Object.entries(fields)) {
      // null clears nothing; an empty text clears a date.
      if (value !== null) resource[name] = value === '' && name === 'cache_last_updated' ? null : value;
    }
    dataset.metadata_modified = new Date(Date.parse(`${dataset.metadata_modified}Z`) + 1000).toISOString().slice(0, 19);
    this.activities.push(String(id));
    return ok(resource);
  }
}

const ok = (result: unknown): FakeAnswer => ({ status: 200, body: { help: 'help', success: true, result } });

function refusal(status: number, type: string, message?: string, fields: object = {}): FakeAnswer {
  const error = { __type: type, ...(message !== undefined && { message }), ...fields };
  return { status, body: { help: 'help', success: false, error } };
}

const isTrue = (value: unknown): boolean => value === true || /^true$/i.test(String(value));

const isPublic = (dataset: FakeDataset): boolean =>
  (dataset.state ?? 'active') === 'active' && !isTrue(dataset.private);

const shown = (dataset: FakeDataset) => ({
  ...dataset,
  resources: dataset.resources.filter(({ state }) => state !== 'deleted'),
});

/** As Solr's index gives fields: times with a zone. */
const pick = (dataset: FakeDataset, fields: readonly string[]) =>
  Object.fromEntries(
    fields.map((field) => [
      field,
      field === 'metadata_modified' ? `${dataset.metadata_modified}.000Z` : dataset[field],
    ]),
  );

/** The few forms of a filter that a mirror sends. */
function holds(fq: string, dataset: FakeDataset): boolean {
  const [, since] = /metadata_modified:\[(\S+) TO \*\]/.exec(fq) ?? [];
  if (since !== undefined && !since.endsWith('Z')) throw new Error(`Solr takes no naive time: ${fq}`);
  if (since !== undefined && Date.parse(`${dataset.metadata_modified}Z`) < Date.parse(since)) return false;
  const [, ids] = /\bid:\(([^)]*)\)/.exec(fq) ?? [];
  if (ids !== undefined && !ids.includes(`"${dataset.id}"`)) return false;
  const [, organization] = /organization:"([^"]*)"/.exec(fq) ?? [];
  return organization === undefined || dataset.organization?.name === organization;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** A dataset with links below `publisher`. */
export function fakeDataset(index: number, publisher: string, more: Partial<FakeDataset> = {}): FakeDataset {
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  return {
    id,
    name: `dataset-${index}`,
    title: `Dataset ${index}`,
    metadata_modified: '2026-11-01T10:00:00',
    resources: [
      {
        id: `10000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        url: `${publisher}/${index}.csv`,
        format: 'CSV',
      },
    ],
    ...more,
  };
}
