import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { createStore } from '../../plugin/wiring/openStore.ts';
import { FilePublisher } from './filePublisher.ts';
import { freshDatabase, type TestDatabase } from './postgres.ts';
import { recordsIn } from './recordsIn.ts';
import { createPortalTables, testPortal } from './testPortal.ts';
import { until } from './until.ts';
import { Fleet } from './workers.ts';

export interface FleetPortalOptions {
  readonly mongodbUrl?: string | null;
  /** Of Azurite; default: a folder. */
  readonly azureConnectionString?: string;
  readonly hosts?: number;
  readonly variables?: Readonly<Record<string, string>>;
  /** Default: one on the suite's server. */
  readonly database?: TestDatabase;
}

export interface Outcome {
  readonly resources: number;
  /** Rows of copies, and files in the store. */
  readonly copies: number;
  readonly files: number;
  /** Resources whose copies are not exactly one. */
  readonly odd: readonly string[];
  /** Resources whose state, task_status or `cache_url` does not say that they are archived. */
  readonly wrong: readonly string[];
  readonly leases: number;
  readonly stages: readonly string[];
}

/** A portal of the role `web`, its publisher, and worker processes beside it. */
export class FleetPortal {
  readonly archiver: Archiver;
  readonly fleet: Fleet;
  readonly publisher: FilePublisher;
  readonly database: TestDatabase;
  readonly folder: string;
  readonly #variables: Readonly<Record<string, string>>;

  private constructor(
    parts: Pick<FleetPortal, 'archiver' | 'fleet' | 'publisher' | 'database' | 'folder'>,
    variables: Readonly<Record<string, string>>,
  ) {
    this.archiver = parts.archiver;
    this.fleet = parts.fleet;
    this.publisher = parts.publisher;
    this.database = parts.database;
    this.folder = parts.folder;
    this.#variables = variables;
  }

  static async create(options: FleetPortalOptions = {}): Promise<FleetPortal> {
    const { mongodbUrl = null, azureConnectionString, hosts = 8 } = options;
    const database = options.database ?? (await freshDatabase());
    await createPortalTables(database.knex);
    const folder = await mkdtemp(join(tmpdir(), 'archiver-fleet-'));
    const store: Record<string, string> = azureConnectionString
      ? {
          ARCHIVER_STORE: 'azure',
          AZURE_STORAGE_CONNECTION_STRING: azureConnectionString,
          ARCHIVER_AZURE_CONTAINER: `fleet-${Date.now()}`,
        }
      : { ARCHIVER_FOLDER: folder };
    const variables = {
      ...store,
      ARCHIVER_HOST_REQUESTS_PER_SECOND: '10000',
      ARCHIVER_HOST_BURST: '10000',
      ARCHIVER_HOST_CONCURRENCY: '64',
      ...options.variables,
    };
    const environment = {
      ...variables,
      DATABASE_URL: database.url,
      ARCHIVER_MONGODB_URL: mongodbUrl ?? '',
    };
    const archiver = createArchiver({ environment });
    archiver.register(testPortal({ knex: database.knex }));
    await archiver.start({ roles: ['web'] });
    const publisher = await FilePublisher.start(hosts);
    const fleet = new Fleet({ databaseUrl: database.url, mongodbUrl, variables });
    return new FleetPortal({ archiver, fleet, publisher, database, folder }, variables);
  }

  /** Saved without a hook; somebody must ask for them. Answers their ids. */
  async addResources(datasetId: string, count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, i) => `${datasetId}-${i}`);
    const { knex } = this.database;
    await knex('package').insert({ id: datasetId, name: datasetId, private: false });
    const rows = ids.map((id, i) => ({ id, package_id: datasetId, url: this.publisher.url(id, i), name: id }));
    await knex.batchInsert('resource', rows, 500);
    return ids;
  }

  async archiveDataset(datasetId: string): Promise<void> {
    await this.archiver.archive.requestDataset(datasetId);
  }

  /** Waits until every resource is archived and nobody holds one any more. */
  async settled(count: number, seconds: number): Promise<void> {
    const isOpen = `code is null or request_seq <> done_seq or lease_owner is not null or open_keys <> '{}'`;
    const { knex } = this.database;
    await until(async () => {
      const { rows } = await knex.raw(
        `select count(*) filter (where not (${isOpen}))::int as done from archiver.archival`,
      );
      return rows[0].done >= count;
    }, seconds).catch(async (error: unknown) => {
      const { rows } = await knex.raw(`select * from archiver.archival where ${isOpen} limit 3`);
      throw new Error(`Not settled: ${JSON.stringify(rows)}`, { cause: error });
    });
    // Bytes that came from a worker whose lease was lost go a moment after its key.
    await until(async () => (await this.files()).length <= count).catch(() => undefined);
  }

  async outcome(ids: readonly string[]): Promise<Outcome> {
    const records = recordsIn(this.database.knex);
    const [copies, archivals] = [await records.copies.listByResources(ids), await records.archivals.getMany(ids)];
    const files = await this.files();
    const resources = await this.database.knex('resource').whereIn('id', ids).select('id', 'cache_url');
    const tasks = await this.database
      .knex('archiver.task_status')
      .whereIn('entity_id', ids)
      .select('entity_id', 'state');
    const success = new Set(tasks.filter(({ state }) => state === 'success').map(({ entity_id }) => entity_id));
    const cached = new Set(resources.filter(({ cache_url }) => cache_url !== null).map(({ id }) => id));
    const good = new Set(
      archivals.filter(({ broken, copyId }) => broken === false && copyId).map((one) => one.resourceId),
    );
    const { leased } = await records.archivals.backlog(new Date(0));
    return {
      resources: ids.length,
      copies: [...copies.values()].flat().length,
      files: files.length,
      odd: ids.filter(
        (id) => copies.get(id)?.length !== 1 || files.filter((key) => key.includes(`/${id}/`)).length !== 1,
      ),
      wrong: ids.filter((id) => !success.has(id) || !cached.has(id) || !good.has(id)),
      leases: leased,
      stages: await this.stages(),
    };
  }

  /** Keys of all copies in the store. */
  async files(): Promise<string[]> {
    if (this.#variables['ARCHIVER_FOLDER']) {
      const entries = await readdir(join(this.folder, 'archive'), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    }
    const store = await createStore(loadConfig({ environment: this.#variables }));
    const keys: string[] = [];
    for await (const key of store.list('archive/')) keys.push(key);
    return keys;
  }

  /** What lies under `.stage`, the folder itself when it is there although nothing is in it. */
  async stages(): Promise<string[]> {
    const found = await readdir(join(this.folder, '.stage')).catch(() => null);
    return found === null ? [] : found;
  }

  async close(): Promise<void> {
    await this.fleet.end();
    await this.archiver.stop();
    await this.publisher.stop();
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What a whole archive of these resources looks like. */
export function wholeArchive(ids: readonly string[]): Outcome {
  const { length } = ids;
  return { resources: length, copies: length, files: length, odd: [], wrong: [], leases: 0, stages: [] };
}
