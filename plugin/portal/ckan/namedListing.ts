import { codeOf, messageOf } from '../../errors.ts';
import type { Logger } from '../../model/logger.ts';
import type { ActionClient } from './actionClient.ts';
import { isRecord } from './actionResponse.ts';
import type { Page } from './listing.ts';
import { isPartial, type MirrorFilters } from './matchingDatasets.ts';

const NAMES = 1000;
const SHOWN_AT_A_TIME = 15;
/** So many in a row that the portal does not show for a reason of its own: it is down, not they. */
const MOST_FAILURES = 5;

/**
 * The public datasets without the search index, which may be down while the database answers: their names, then each by
 * itself, which is slow. Says nothing of what it lacks: it has no private datasets, and no count to be held against.
 */
export class NamedListing {
  readonly #client: ActionClient;
  readonly #names = new Set<string>();
  #failures = 0;
  #failuresInARow = 0;

  constructor(client: ActionClient) {
    this.#client = client;
  }

  /** Whether every dataset that was named was shown, or is not there for us. Known when the pages have ended. */
  get isComplete(): boolean {
    return this.#failures === 0;
  }

  /** How many were named. */
  get count(): number {
    return this.#names.size;
  }

  /** Throws `ArchiverError('portal-failed')` when the portal gives no names, or shows nothing any more. */
  async *pages(): AsyncGenerator<Page> {
    await this.#readNames();
    const names = [...this.#names];
    for (let at = 0; at < names.length; at += SHOWN_AT_A_TIME) {
      const shown = await Promise.all(names.slice(at, at + SHOWN_AT_A_TIME).map((name) => this.#show(name)));
      yield shown.filter((dataset) => dataset !== null);
    }
  }

  /** Old portals give all names to every question for a part of them. */
  async #readNames(): Promise<void> {
    for (let offset = 0; ; ) {
      const names = await this.#client.result('package_list', { limit: NAMES, offset });
      const list = Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
      const before = this.#names.size;
      for (const name of list) this.#names.add(name);
      if (this.#names.size === before) return;
      offset += list.length;
    }
  }

  /** null: it went meanwhile, is not for us, or could not be read. */
  async #show(id: string): Promise<Page[number] | null> {
    const answered = await this.#client.read('package_show', { id });
    const isSettled = answered.kind === 'ok' || answered.status === 404 || answered.status === 403;
    this.#failuresInARow = isSettled ? 0 : this.#failuresInARow + 1;
    if (!isSettled) this.#failures += 1;
    if (answered.kind !== 'ok' && this.#failuresInARow > MOST_FAILURES)
      throw this.#client.failure('package_show', answered);
    return answered.kind === 'ok' && isRecord(answered.result) ? answered.result : null;
  }
}

/**
 * What `listing` gives, after the search ended with `failure`: each public dataset by itself, which finds what is new and
 * what changed. Throws `failure` where this portal gives no names either, or the search alone knows what matches.
 */
export async function* pagesInstead(
  failure: unknown,
  listing: NamedListing,
  { filters, logger }: { readonly filters: MirrorFilters; readonly logger: Logger },
): AsyncGenerator<Page> {
  if (codeOf(failure) !== 'portal-failed' || isPartial(filters)) throw failure;
  const pages = listing.pages();
  const first = await pages.next().catch(() => {
    throw failure;
  });
  logger.warn(
    { error: messageOf(failure) },
    'the search of the portal fails; its public datasets are read one by one, and none counts as deleted',
  );
  let shown = 0;
  for (let page = first; !page.done; page = await pages.next()) {
    shown += page.value.length;
    yield page.value;
  }
  if (shown === 0) throw failure;
}
