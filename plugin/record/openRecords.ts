import type { Knex } from 'knex';
import type { Catalog } from '../portal/Portal.ts';
import { createArchivalTable } from './archivalTable.ts';
import { createCopyTable } from './copyTable.ts';
import { createDeliveryTable } from './deliveryTable.ts';
import { createHostTable } from './hostTable.ts';
import { createNamedLeaseTable } from './namedLeaseTable.ts';
import { databaseOf } from './openDatabase.ts';
import { createOutboxTable } from './outboxTable.ts';
import type { Records } from './Records.ts';
import { createRunTable } from './runTable.ts';
import { createTaskStatusTable } from './taskStatusTable.ts';

/** All tables on one knex. `ownsKnex`: `close` ends its pool, for we opened it; a host's pool is never closed. */
export function createRecords(options: {
  readonly knex: Knex;
  readonly schema: string;
  readonly writeBack: Catalog['writeBack'];
  readonly ownsKnex: boolean;
}): Records {
  const { knex, schema, writeBack, ownsKnex } = options;
  const database = databaseOf(knex, schema);
  return {
    outbox: createOutboxTable(database),
    archivals: createArchivalTable(database, writeBack),
    copies: createCopyTable(database),
    runs: createRunTable(database),
    taskStatus: createTaskStatusTable(database),
    leases: createNamedLeaseTable(database),
    hosts: createHostTable(database),
    deliveries: createDeliveryTable(database),
    async ping() {
      await database.rows('asking whether it answers', 'select 1');
    },
    async close() {
      if (ownsKnex) await knex.destroy();
    },
  };
}
