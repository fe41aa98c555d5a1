import type { Knex } from 'knex';
import { createRecords } from '../../plugin/record/openRecords.ts';
import type { Records } from '../../plugin/record/Records.ts';

/** What the archiver has recorded in this database, read beside it: what the archive's own API does not show. */
export function recordsIn(knex: Knex): Records {
  return createRecords({ knex, schema: 'archiver', ownsKnex: false, writeBack: async () => undefined });
}
