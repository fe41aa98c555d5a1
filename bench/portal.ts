import type { Knex } from 'knex';
import { createPortalTables, testPortal } from '../test/support/testPortal.ts';

/** Politeness lifted: what is measured is the archiver, not the publisher's patience. */
export const UNLIMITED = {
  hostRequestsPerSecond: 1_000_000,
  hostBurst: 1_000_000,
  hostConcurrency: 4,
  addressConcurrency: 0,
  domainConcurrency: 0,
  verifyShare: 0,
  minFreeBytes: 0,
};

export async function fillPortal(knex: Knex, urls: readonly string[]): Promise<void> {
  await createPortalTables(knex);
  await knex('package').insert({ id: 'd1', name: 'd1', private: false });
  await addResources(knex, urls, 'r');
}

export async function addResources(knex: Knex, urls: readonly string[], prefix: string): Promise<void> {
  for (let from = 0; from < urls.length; from += 2000) {
    const some = urls.slice(from, from + 2000);
    await knex('resource').insert(
      some.map((url, index) => ({
        id: `${prefix}${from + index}`,
        package_id: 'd1',
        url,
        name: `${prefix}${from + index}`,
      })),
    );
  }
}

export { testPortal };
