import type { Knex } from 'knex';

/** A link as a test wants it: broken since then, as often as is confirmed, unless it says otherwise. */
export interface TestLink {
  readonly id: string;
  readonly datasetId?: string;
  readonly name?: string | null;
  readonly url?: string;
  readonly code?: string;
  /** As the last attempt showed it. */
  readonly broken?: boolean | null;
  /** Failures of the link in a row. */
  readonly failures?: number;
  readonly since?: Date;
}

/** Writes links as if archivals had ended so; what is there is replaced. */
export async function putLinks(knex: Knex, links: readonly TestLink[]): Promise<void> {
  for (const link of links) {
    const { id, datasetId = 'd1', name = null, url = `https://files.example/${id}.csv` } = link;
    const { code = 'gone', broken = true, failures = 3, since = new Date() } = link;
    const failing = broken === false ? null : since;
    const row = {
      ...{ resource_id: id, dataset_id: datasetId, url, host: new URL(url).host, code, broken, checked_at: since },
      ...{ reason: 'The server answered 404 Not Found.', first_failure_at: failing, link_failure_count: failures },
    };
    await knex('archiver.archival').insert(row).onConflict('resource_id').merge();
    await knex('archiver.link')
      .where({ resource_id: id })
      .update({ name, page: `/resource/${id}` });
  }
}

/** It works again. */
export const mendLink = (knex: Knex, id: string): Promise<number> =>
  knex('archiver.archival')
    .where({ resource_id: id })
    .update({ code: 'archived', broken: false, first_failure_at: null, link_failure_count: 0 });
