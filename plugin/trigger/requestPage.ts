import { codeOf, messageOf } from '../errors.ts';
import type { ArchivalRequest } from '../model/archival.ts';
import type { Logger } from '../model/logger.ts';
import type { Archivals } from '../record/Archivals.ts';

/** What a page of requests is written with. */
export interface RequestPageDeps {
  readonly archivals: Pick<Archivals, 'request'>;
  readonly logger: Pick<Logger, 'error'>;
}

/** What became of a page of requests. */
export interface RequestedPage {
  /** Resources that need a new job. */
  readonly unqueued: readonly string[];
  /** So many were left out: they have no row, and no run waits for them. */
  readonly refused: number;
}

const LONGEST_ID_IN_LOG = 100;

/**
 * Requests a page of archivals. A page that the database refuses as data is tried again row by row: the row that it
 * objects to is logged and left out, and costs the others nothing.
 */
export async function requestPage(
  requests: readonly ArchivalRequest[],
  how: Parameters<Archivals['request']>[1],
  deps: RequestPageDeps,
): Promise<RequestedPage> {
  try {
    return { unqueued: await deps.archivals.request(requests, how), refused: 0 };
  } catch (error) {
    if (codeOf(error) !== 'data-refused') throw error;
    const [only, another] = requests;
    if (only && !another) return leaveOut(only, error, deps);
    const pages: RequestedPage[] = [];
    for (const request of requests) pages.push(await requestPage([request], how, deps));
    const refused = pages.reduce((sum, page) => sum + page.refused, 0);
    return { unqueued: pages.flatMap(({ unqueued }) => unqueued), refused };
  }
}

function leaveOut({ resourceId }: ArchivalRequest, error: unknown, { logger }: RequestPageDeps): RequestedPage {
  const fields = { resourceId: resourceId.slice(0, LONGEST_ID_IN_LOG), error: messageOf(error) };
  logger.error(fields, 'the database refuses a resource as data; it is left out');
  return { unqueued: [], refused: 1 };
}
