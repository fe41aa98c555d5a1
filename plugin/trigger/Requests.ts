import type { Run } from '../model/run.ts';

/** On whose behalf a request is made. */
export interface Requester {
  /** Who asks; an Idempotency-Key counts per caller. */
  readonly caller: string | null;
  readonly idempotencyKey: string | null;
}

/** What became of a request; what was not found is no error. */
export type RequestResult =
  | { readonly kind: 'accepted'; readonly run: Run }
  | { readonly kind: 'not-found' }
  /** The same Idempotency-Key was used for another request. */
  | { readonly kind: 'conflict' };

/** Interactive requests, from the routes, the pages and the command line. Each resource is queued once, in the priority lane (`all`: bulk). */
export interface Requests {
  resource(id: string, by: Requester): Promise<RequestResult>;
  dataset(idOrName: string, by: Requester): Promise<RequestResult>;
  all(by: Requester): Promise<RequestResult>;
}
