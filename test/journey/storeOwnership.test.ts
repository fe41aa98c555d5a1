import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import createKnex, { type Knex } from 'knex';
import supertest from 'supertest';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { freshDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { runCommand } from '../support/runCommand.ts';
import { addResource, createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const STAYS = 'nothing is removed from the store';
const FOREIGN = /^The store belongs to another database\. No copy is removed .* adopt-store is run/;
const COPIED = /^This database is a copy of the one that the store belongs to, or was moved\./;

interface Started {
  readonly archiver: Archiver;
  readonly knex: Knex;
  readonly logged: string[];
}

describe('two databases on one store', () => {
  const closers: (() => Promise<unknown>)[] = [];
  let folder = '';
  let url = '';
  let body = 'a,b\n1,2\n';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-owned-'));
    closers.push(() => rm(folder, { recursive: true }));
    const publisher = createServer((_, response) => response.writeHead(200, { 'Content-Type': 'text/csv' }).end(body));
    await new Promise<void>((done) => publisher.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(publisher.address() as AddressInfo).port}/data.csv`;
    closers.push(async () => void publisher.close());
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function newDatabase(): Promise<string> {
    const database = await freshDatabase();
    await createPortalTables(database.knex);
    // Nothing may be connected to what is copied.
    await database.knex.destroy();
    closers.push(database.drop);
    return database.url;
  }

  /** As `create database … template` and pg_dump make one; nothing may be connected to the other. */
  async function copyOf(database: string): Promise<string> {
    const [copy, admin] = [new URL(database), new URL(database)];
    copy.pathname = `${copy.pathname}_copy`;
    admin.pathname = '/postgres';
    const knex = createKnex({ client: 'pg', connection: admin.href, pool: { min: 0, max: 1 } });
    const names = [copy.pathname.slice(1), new URL(database).pathname.slice(1)];
    await until(() =>
      knex.raw('create database ?? template ??', names).then(
        () => true,
        () => false,
      ),
    );
    closers.push(async () => {
      await knex.raw('drop database ?? with (force)', names.slice(0, 1));
      await knex.destroy();
    });
    return copy.href;
  }

  async function start(database: string): Promise<Started & { stop(): Promise<void> }> {
    const knex = createKnex({ client: 'pg', connection: database, pool: { min: 0, max: 20 } });
    const archiver = createArchiver({ environment: {} });
    const logged: string[] = [];
    const logger = { ...SILENT, warn: (_: object, message = '') => void logged.push(message) };
    archiver.register(testPortal({ knex, settings: { folder, deletePolicy: 'remove' }, logger }));
    await archiver.start();
    let isOpen = true;
    const stop = async () => {
      if (!isOpen) return;
      isOpen = false;
      await archiver.stop();
      await knex.destroy();
    };
    closers.push(stop);
    return { archiver, knex, logged, stop };
  }

  const archived = async ({ archiver, knex }: Started, copies: number) => {
    const has = (await knex('resource').where({ id: 'r1' })).length > 0;
    if (!has) await addResource(knex, 'r1', url);
    await archiver.archive.requestResource('r1');
    await until(async () => (await recordsIn(knex).copies.listByResource('r1')).length === copies, 30);
    // A sweep may have asked for it as well, and found nothing new.
    await until(async () => (await recordsIn(knex).archivals.get('r1'))?.broken === false);
  };

  const removed = async ({ archiver, knex }: Started) => {
    await knex('resource').where({ id: 'r1' }).delete();
    await archiver.hooks.afterResourceDelete({ resourceId: 'r1', datasetId: 'd1' });
    await until(async () => (await recordsIn(knex).archivals.get('r1')) === null);
  };

  const conflictOf = async ({ archiver }: Started) => (await archiver.archive.overview()).storeConflict ?? '';

  /** What `/health/ready` says of the store, which is ready. */
  const readiness = async ({ archiver }: Started): Promise<string | null> => {
    const server = createServer(archiver.handler);
    const { body: health } = await supertest(server).get('/health/ready').expect(200);
    assert.equal(health.checks.store.ok, true);
    return health.checks.store.detail;
  };

  const files = async () => (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.csv')).length;

  it('are noticed: the second removes nothing until it adopts the store, and then the first removes nothing', async () => {
    const first = await start(await newDatabase());
    await archived(first, 1);
    const second = await start(await newDatabase());
    assert.match(await conflictOf(second), FOREIGN);
    assert.match((await readiness(second)) ?? '', FOREIGN);
    assert.equal(await readiness(first), null);
    assert.ok(second.logged.includes(STAYS));
    await archived(second, 1);
    await removed(second);
    assert.equal(await files(), 2);

    await second.archiver.archive.adoptStore();
    assert.equal(await conflictOf(second), '');
    await removed(first);
    assert.equal(await files(), 2);
    assert.match(await conflictOf(first), FOREIGN);
  });

  it('of which one is a copy of the other are noticed, and the one that is not goes on', async () => {
    const database = await newDatabase();
    const production = await start(database);
    await archived(production, 1);
    await production.stop();
    const staging = await start(await copyOf(database));
    assert.match(await conflictOf(staging), COPIED);
    await removed(staging);
    assert.equal(await files(), 1);
    const again = await start(database);
    assert.equal(await conflictOf(again), '');
    await removed(again);
    assert.equal(await files(), 0);
  });

  it('are told apart from a restored backup by nobody but the operator, whose adopt-store finds the newer copies', async () => {
    const database = await newDatabase();
    const before = await start(database);
    await archived(before, 1);
    await before.stop();
    const backup = await copyOf(database);
    const later = await start(database);
    for (const copies of [2, 3]) {
      body += `${copies},${copies}\n`;
      await archived(later, copies);
    }
    await addResource(later.knex, 'saved since', url);
    await later.archiver.archive.requestResource('saved since');
    await until(async () => (await recordsIn(later.knex).archivals.get('saved since'))?.code === 'archived');
    await later.stop();
    assert.equal(await files(), 4);

    const environment = { DATABASE_URL: backup, ARCHIVER_FOLDER: folder };
    const adopted = await runCommand(['adopt-store', '--yes', '--json'], { environment });
    assert.deepEqual(
      [adopted.exitCode, JSON.parse(adopted.output)],
      [0, { recovered: 1, due: 1, left: 1 }],
      adopted.errors,
    );
    const restored = await start(backup);
    assert.equal(await conflictOf(restored), '');
    // What the portal has again is found again, whatever its id looks like in a key.
    await addResource(restored.knex, 'saved since', url);
    const again = await restored.archiver.archive.adoptStore();
    assert.deepEqual([again.due, again.left], [2, 0]);
    await restored.archiver.archive.sweep({ dryRun: false });
    const { copies, archivals } = recordsIn(restored.knex);
    for (const [id, kept] of [
      ['r1', 3],
      ['saved since', 1],
    ] as const) {
      await until(async () => (await copies.listByResource(id)).length === kept, 30);
      const newest = await copies.newest(id);
      await until(async () => (await archivals.get(id))?.copyId === newest?.id);
    }
    assert.equal(await files(), 4);
  });
});
