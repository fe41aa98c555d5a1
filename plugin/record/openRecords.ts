import type { HostDatabase } from '../portal/HostDatabase.ts';
import type { Catalog } from '../portal/Portal.ts';
import { ArchivalTable } from './archival/archivalTable.ts';
import { CopyTable } from './archival/copyTable.ts';
import { LandingTable } from './archival/landingTable.ts';
import { TaskStatusTable } from './archival/taskStatusTable.ts';
import { AddressTable } from './coordination/addressTable.ts';
import { DeliveryTable } from './coordination/deliveryTable.ts';
import { HostTable } from './coordination/hostTable.ts';
import { NamedLeaseTable } from './coordination/namedLeaseTable.ts';
import { OutboxTable } from './coordination/outboxTable.ts';
import { ProcessTable } from './coordination/processTable.ts';
import { StoreIdentityTable } from './coordination/storeIdentityTable.ts';
import { connectionOf } from './database/connectionOf.ts';
import type { Database } from './database/Database.ts';
import { type Listen, listenOver } from './database/listen.ts';
import { databaseOf } from './database/openDatabase.ts';
import { HistoryTable } from './history/historyTable.ts';
import { MailTable } from './mail/mailTable.ts';
import { OperatorViewsTable } from './operator/operatorViewsTable.ts';
import { ProposalTable } from './proposal/proposalTable.ts';
import type { Records } from './Records.ts';
import { ReportTables } from './report/reportTables.ts';
import { RunTable } from './run/runTable.ts';

/**
 * All tables on one knex. `ownsKnex`: `close` ends its pool, for we opened it; a host's pool is never closed. `listen`: by
 * default over connections to the same place.
 */
export function createRecords(options: {
  readonly knex: HostDatabase;
  readonly schema: string;
  readonly writeBack: Catalog['writeBack'];
  readonly ownsKnex: boolean;
  readonly listen?: Listen;
}): Records {
  const { knex, schema, writeBack, ownsKnex, listen = listenLike(knex) } = options;
  const database = databaseOf(knex, schema);
  return {
    outbox: new OutboxTable(database, listen),
    archivals: new ArchivalTable(database, writeBack),
    copies: new CopyTable(database),
    runs: new RunTable(database),
    taskStatus: new TaskStatusTable(database),
    leases: new NamedLeaseTable(database),
    hosts: new HostTable(database),
    deliveries: new DeliveryTable(database),
    landings: new LandingTable(database),
    identities: new StoreIdentityTable(database),
    histories: new HistoryTable(database),
    proposals: new ProposalTable(database),
    reports: new ReportTables(database),
    addresses: new AddressTable(database),
    processes: new ProcessTable(database),
    operatorViews: new OperatorViewsTable(database),
    mails: new MailTable(database),
    async ping() {
      await database.rows('asking whether it answers', 'select 1');
    },
    takesWrites: () => database.guard('asking whether it takes writes', () => refuseReadOnly(database)),
    async close() {
      if (ownsKnex) await knex.destroy();
    },
  };
}

const listenLike = (knex: HostDatabase): Listen => listenOver({ connection: () => connectionOf(knex) });
/** As PostgreSQL says it of a statement that would write, so that a connection which a failover left behind is dropped. */
async function refuseReadOnly({ knex }: Database): Promise<void> {
  const asked = knex.raw<{ rows: readonly { setting: string }[] }>(
    `select current_setting('transaction_read_only') as setting`,
    [],
  );
  if ((await asked).rows[0]?.setting !== 'on') return;
  throw Object.assign(new Error('it may only be read (transaction_read_only is on)'), { code: '25006' });
}
