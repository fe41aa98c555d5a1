import type { IncomingHttpHeaders } from 'node:http';

/** Whose requests are taken for tasks. */
export interface TaskGuardDeps {
  /** True for the bearer token of somebody who may send tasks; null: headers that the platform sets decide. */
  readonly verifyToken: ((token: string) => Promise<boolean>) | null;
  /** App Engine takes these headers out of requests from outside, whatever else is set. */
  readonly isAppEngine: boolean;
}

/** Which of the two kinds of tasks a request asks for. */
export type TaskKind = 'sweep' | 'work';

/**
 * Lets only the platform start work. App Engine strips `X-Appengine-…` from requests from outside, no other platform
 * does: there a token of the service account must come along.
 * https://cloud.google.com/appengine/docs/standard/scheduling-jobs-with-cron-yaml
 */
export class TaskGuard {
  readonly #deps: TaskGuardDeps;

  constructor(deps: TaskGuardDeps) {
    this.#deps = deps;
  }

  async admits(kind: TaskKind, headers: IncomingHttpHeaders): Promise<boolean> {
    const { verifyToken, isAppEngine } = this.#deps;
    if ((verifyToken === null || isAppEngine) && isFromAppEngine(kind, headers)) return true;
    const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    return verifyToken !== null && token !== undefined && verifyToken(token);
  }
}

/** A cron entry may ask for either; a task of a queue for work alone. */
function isFromAppEngine(kind: TaskKind, headers: IncomingHttpHeaders): boolean {
  if (headers['x-appengine-cron'] === 'true') return true;
  return kind === 'work' && Boolean(headers['x-appengine-taskname']);
}
