import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import supertest from 'supertest';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import type { ExpressPortalOptions } from '../../plugin/portal/expressPortal.ts';
import type { AuthorizationRequest, Catalog, PortalInfo } from '../../plugin/portal/Portal.ts';
import { DescribedAnswers } from './describedAnswers.ts';
import { freshDatabase, type TestDatabase } from './postgres.ts';
import { recordsIn } from './recordsIn.ts';
import { addResource, createPortalTables, SILENT, testPortal } from './testPortal.ts';
import { until } from './until.ts';

type Settings = Readonly<Record<string, unknown>>;

interface OpenOptions {
  readonly site?: string;
  readonly settings?: Settings;
  /** The host's knex, where the host does not reach its database directly; it is closed with the portal. */
  readonly connect?: (url: string) => Knex;
  /** An empty one; default: a new one on the suite's server. */
  readonly database?: TestDatabase;
  readonly badgeWords?: PortalInfo['badgeWords'];
  readonly updateUrl?: ExpressPortalOptions['updateUrl'];
  readonly caller?: (request: IncomingMessage) => string | null;
  readonly now?: () => Date;
  /** Whom the catalogue names. */
  readonly contactOf?: Catalog['contactOf'];
}

interface Parts
  extends Required<Pick<OpenOptions, 'database' | 'site' | 'settings'>>,
    Pick<OpenOptions, 'badgeWords' | 'contactOf' | 'updateUrl' | 'caller' | 'now'> {
  readonly knex: Knex;
  readonly folder: string;
}

type Authorize = (request: IncomingMessage, question: AuthorizationRequest) => boolean;

/** `Authorization: admin` may everything; anybody reads what is not in the dataset `secret`. */
export const byHeader: Authorize = ({ headers }, { action, datasetId }) =>
  headers.authorization === 'admin' ||
  ((action === 'archive.read' || action === 'archive.download') && datasetId !== null && datasetId !== 'secret');

/** An archiver in a small portal, its routes, and a publisher that serves `files`. */
export class ShownPortal {
  readonly files = new Map<
    string,
    { readonly body: string | Buffer; readonly headers?: Record<string, string>; readonly status?: number }
  >();
  readonly database: TestDatabase;
  readonly archiver: Archiver;
  readonly folder: string;
  readonly requests: string[] = [];
  authorize: Authorize = byHeader;
  /** What happens while the publisher is asked for `path`. */
  beforeAnswer: (path: string) => unknown = () => undefined;
  /** What the archiver logged at `warn` and `error`. */
  readonly logged: { readonly level: 'warn' | 'error'; readonly message: string; readonly fields: object }[] = [];
  /** Every answer of the routes is held against the OpenAPI document. */
  readonly answers = new DescribedAnswers();
  readonly #publisher: Server;
  /** When each resource's archival was last told to the operator (ms): after it was recorded, with its events. */
  readonly #toldAt = new Map<string, number>();

  readonly #knex: Knex;
  readonly #now: () => Date;

  private constructor(parts: Parts) {
    this.database = parts.database;
    this.#knex = parts.knex;
    this.#now = parts.now ?? (() => new Date());
    this.folder = parts.folder;
    this.#publisher = createServer(async (request, response) => {
      this.requests.push(request.url ?? '');
      await this.beforeAnswer(request.url ?? '');
      const file = this.files.get(decodeURIComponent(request.url ?? ''));
      if (file) response.writeHead(file.status ?? 200, { 'Content-Type': 'text/csv', ...file.headers }).end(file.body);
      else response.writeHead(404).end();
    });
    this.archiver = createArchiver({ environment: {} });
    const portal = testPortal({
      knex: parts.knex,
      settings: { folder: parts.folder, ...parts.settings },
      logger: {
        ...SILENT,
        info: (fields, message) => this.#noteEnd(fields, message),
        warn: this.#log('warn'),
        error: this.#log('error'),
      },
      authorize: (request, question) => this.authorize(request, question),
      ...(parts.updateUrl && { updateUrl: parts.updateUrl }),
      ...(parts.caller && { caller: parts.caller }),
    });
    if (parts.contactOf) Object.assign(portal.catalog, { contactOf: parts.contactOf });
    const info = { ...portal.info, ...(parts.badgeWords && { badgeWords: parts.badgeWords }) };
    const urls = { site: parts.site, archiver: `${parts.site}/archiver/` };
    this.archiver.register({ ...portal, info, urls, ...(parts.now && { now: parts.now }) });
  }

  static async open({
    site = 'http://portal.example',
    settings = {},
    connect,
    database: given,
    ...more
  }: OpenOptions = {}): Promise<ShownPortal> {
    const database = given ?? (await freshDatabase());
    await createPortalTables(database.knex);
    const folder = await mkdtemp(join(tmpdir(), 'archiver-show-'));
    const knex = connect?.(database.url) ?? database.knex;
    const portal = new ShownPortal({ database, knex, folder, site, settings, ...more });
    portal.#publisher.listen(0, '127.0.0.1');
    await once(portal.#publisher, 'listening');
    try {
      await portal.archiver.start();
      // A start that a busy machine makes wait says so, which is not what tests look for.
      portal.logged.length = 0;
      return portal;
    } catch (error) {
      await portal.close();
      throw error;
    }
  }

  get handler(): RequestListener {
    return this.answers.wrap((request, response) => this.archiver.handler(request, response));
  }

  agent() {
    return supertest(this.handler);
  }

  urlOf(path: string): string {
    return `http://127.0.0.1:${(this.#publisher.address() as AddressInfo).port}${path}`;
  }

  /** Saves a resource over `path` and waits until its archival ended and is told. */
  async archived(id: string, path: string, datasetId = 'd1'): Promise<void> {
    await this.save(id, path, datasetId);
    const { archivals } = recordsIn(this.database.knex);
    await until(async () => {
      const archival = await archivals.get(id);
      const isDone = archival !== null && archival.code !== null && archival.requestSeq === archival.doneSeq;
      return isDone && this.isTold(id, archival.checkedAt);
    }, 60);
  }

  /** Whether the log and the events of the archival that was recorded at `checkedAt` are out: they follow its commit. */
  isTold(id: string, checkedAt: Date | null): boolean {
    return checkedAt === null || (this.#toldAt.get(id) ?? 0) >= checkedAt.getTime();
  }

  async save(id: string, path: string, datasetId = 'd1'): Promise<void> {
    const { knex } = this.database;
    const url = this.urlOf(path);
    const changed = await knex('resource').where({ id }).update({ url });
    if (changed === 0) await addResource(knex, id, url, datasetId);
    await knex('package').where({ id: 'secret' }).update({ private: true });
    const hook = changed === 0 ? 'afterResourceCreate' : 'afterResourceUpdate';
    await this.archiver.hooks[hook]({ resourceId: id, datasetId });
  }

  /** Waits until the run ended and all that was archived since it was requested is told. */
  async ended(runId: string): Promise<void> {
    const { runs } = this.archiver.archive;
    await until(async () => (await runs.get(runId))?.state === 'done', 60);
    const since = (await runs.get(runId))?.createdAt ?? this.#now();
    const rows = await this.database.knex('archiver.archival').where('checked_at', '>=', since).select('*');
    await until(() => rows.every((row) => this.isTold(row.resource_id, new Date(row.checked_at))));
  }

  #noteEnd(fields: object, message = ''): void {
    const resourceId: unknown = Reflect.get(fields, 'resourceId');
    if (message === 'archival ended' && typeof resourceId === 'string')
      this.#toldAt.set(resourceId, this.#now().getTime());
  }

  #log(level: 'warn' | 'error') {
    return (fields: object, message = '') => {
      this.logged.push({ level, message, fields });
      this.#noteEnd(fields, message);
    };
  }

  async close(): Promise<void> {
    await this.archiver.stop();
    this.#publisher.closeAllConnections();
    this.#publisher.close();
    await this.#knex.destroy();
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
    assert.deepEqual(this.answers.wrong, []);
  }
}
