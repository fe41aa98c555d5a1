import { ArchiverError } from '../../errors.ts';
import type { ApiRequest, ApiResponse } from '../../model/apiExchange.ts';
import type { Logger } from '../../model/logger.ts';
import { type ActionResult, isRecord, readActionResponse } from './actionResponse.ts';

/** What the client needs of its surroundings. */
export interface ActionClientDeps {
  /** Absolute URL of the portal, without a trailing slash; may hold a path. */
  readonly site: string;
  /** Sent as `Authorization`, as it is, to the site's origin alone; null: anonymous. */
  readonly token: string | null;
  readonly userAgent: string;
  exchange(request: ApiRequest): Promise<ApiResponse>;
  /** Rejects when the signal fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Parameters of an action: texts, numbers, truths, lists, objects. */
export type Parameters = Readonly<Record<string, unknown>>;

interface Call {
  readonly action: string;
  readonly parameters: Parameters;
  readonly isWrite: boolean;
}

const MAX_CONCURRENT = 3;
/** Some servers and proxies refuse longer request lines. */
const LONGEST_QUERY = 1800;
const RETRY_DELAYS_MS = [1000, 5000, 20_000];
const LONGEST_WAIT_MS = 120_000;
const TIMEOUT_MS = 120_000;
const MAX_BYTES = 64 * 2 ** 20;

/**
 * CKAN's Action API from outside: at most three requests at a time, as ckanapi limits itself on foreign sites; a read by
 * GET, or by POST where the query would be too long; retries only where they help. Redirects are not followed (a POST
 * would lose its body, and the token would travel), cookies not kept.
 */
export class ActionClient {
  readonly #deps: ActionClientDeps;
  readonly #queue: (() => void)[] = [];
  #active = 0;

  constructor(deps: ActionClientDeps) {
    this.#deps = deps;
  }

  get site(): string {
    return this.#deps.site;
  }

  get isAnonymous(): boolean {
    return this.#deps.token === null;
  }

  read(action: string, parameters: Parameters = {}): Promise<ActionResult> {
    return this.#retried({ action, parameters, isWrite: false });
  }

  write(action: string, parameters: Parameters): Promise<ActionResult> {
    return this.#retried({ action, parameters, isWrite: true });
  }

  /** The result of a read. Throws `ArchiverError('portal-failed')` that says what came instead. */
  async result(action: string, parameters: Parameters = {}): Promise<unknown> {
    const answered = await this.read(action, parameters);
    if (answered.kind === 'ok') return answered.result;
    throw this.failure(action, answered);
  }

  /** The error that such an answer is. */
  failure(action: string, answered: Exclude<ActionResult, { kind: 'ok' }>): ArchiverError {
    if (answered.kind === 'unavailable' && answered.code === 'stopped')
      return new ArchiverError('stopped', 'The requests to the portal were stopped.');
    const hint =
      answered.kind === 'unavailable' && answered.code === 'blocked'
        ? '. A portal in a network that is not public needs that network in ARCHIVER_ALLOW_NETWORKS'
        : '';
    const { message } = answered;
    return new ArchiverError('portal-failed', `The portal ${this.site} did not answer ${action}: ${message}${hint}.`);
  }

  async #retried(call: Call): Promise<ActionResult> {
    for (let attempt = 0; ; attempt++) {
      const answered = await this.#limited(() => this.#once(call));
      const delayMs = RETRY_DELAYS_MS[attempt];
      if (answered.kind === 'ok' || !answered.isTransient || delayMs === undefined) return answered;
      const waitMs = Math.max(delayMs, answered.retryAfterMs ?? 0);
      if (waitMs > LONGEST_WAIT_MS) return answered;
      const { logger, signal, wait } = this.#deps;
      logger.info({ action: call.action, message: answered.message, waitMs }, 'the portal is asked again');
      await wait(waitMs, signal);
    }
  }

  async #once(call: Call): Promise<ActionResult> {
    return readActionResponse(await this.#deps.exchange(this.#requestFor(call)), call.isWrite);
  }

  #requestFor({ action, parameters, isWrite }: Call): ApiRequest {
    const { site, token, userAgent, signal } = this.#deps;
    const url = new URL(`${site}/api/3/action/${action}`);
    const query = isWrite ? null : queryOf(parameters);
    const headers: Record<string, string> = { 'user-agent': userAgent, accept: 'application/json' };
    if (token !== null) headers.authorization = token;
    const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, signal };
    if (query !== null) {
      url.search = query;
      return { url, method: 'GET', headers, body: null, ...limits };
    }
    headers['content-type'] = 'application/json';
    return { url, method: 'POST', headers, body: JSON.stringify(parameters), ...limits };
  }

  async #limited<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#active >= MAX_CONCURRENT) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#active += 1;
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#active -= 1;
    }
  }
}

/** null: only a POST can carry it (lists and objects as GET are a 409), or it would be too long. */
function queryOf(parameters: Parameters): string | null {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (Array.isArray(value) || isRecord(value)) return null;
    if (value !== undefined && value !== null) query.set(name, String(value));
  }
  const text = query.toString();
  return text.length > LONGEST_QUERY ? null : text;
}
