import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IndexEntry } from '../../plugin/mirror/indexFile.ts';
import type { MirrorSummary } from '../../plugin/mirror/MirrorOptions.ts';
import { FakeCkan, type FakeDataset, fakeDataset } from './fakeCkan.ts';
import { FilePublisher } from './filePublisher.ts';
import { freshDatabase, type TestDatabase } from './postgres.ts';
import { type CommandEnd, runCommand } from './runCommand.ts';

/** A fake CKAN, a publisher, a database and a folder: what one mirror needs. */
export class MirrorStage {
  readonly ckan: FakeCkan;
  readonly publisher: FilePublisher;
  readonly database: TestDatabase;
  readonly folder: string;

  private constructor(ckan: FakeCkan, publisher: FilePublisher, database: TestDatabase, folder: string) {
    this.ckan = ckan;
    this.publisher = publisher;
    this.database = database;
    this.folder = folder;
  }

  /** `path`: below which the portal lies. Tokens: `good` of an editor, `root` of a sysadmin. */
  static async open(path = ''): Promise<MirrorStage> {
    const ckan = new FakeCkan(path);
    await ckan.start();
    ckan.tokens.set('good', { name: 'editor', sysadmin: false });
    ckan.tokens.set('root', { name: 'admin', sysadmin: true });
    const publisher = await FilePublisher.start(1);
    const folder = await mkdtemp(join(tmpdir(), 'archiver-mirror-'));
    return new MirrorStage(ckan, publisher, await freshDatabase(), folder);
  }

  async close(): Promise<void> {
    await this.ckan.stop();
    await this.publisher.stop();
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A dataset with one link to a file of the publisher: `resource-{index}`. */
  linked(index: number, more: Partial<FakeDataset> = {}): FakeDataset {
    const id = `resource-${index}`;
    const resources = [{ id, name: id, url: this.publisher.url(id), format: 'CSV' }];
    return fakeDataset(index, '', { resources, ...more });
  }

  environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      DATABASE_URL: this.database.url,
      ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8',
      ARCHIVER_HOST_REQUESTS_PER_SECOND: '1000',
      ARCHIVER_HOST_BURST: '1000',
      ARCHIVER_THREADS: '1',
      ARCHIVER_RETRY_DELAYS_MS: '',
      ...more,
    };
  }

  /** `ckan … --json` to its end. */
  run(
    args: readonly string[] = [],
    more: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<CommandEnd> {
    const all = ['ckan', this.ckan.site, '--to', this.folder, '--json', ...args];
    return runCommand(all, { environment: this.environment(more), signal });
  }

  async index(): Promise<ReadonlyMap<string, IndexEntry>> {
    const { resources } = JSON.parse(await readFile(join(this.folder, 'index.json'), 'utf8'));
    return new Map(resources.map((entry: IndexEntry) => [entry.id, entry]));
  }
}

/** What a run printed. */
export const summaryOf = ({ output }: CommandEnd): MirrorSummary => JSON.parse(output);
