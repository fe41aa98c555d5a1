import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ArchiverError } from '../../plugin/errors.ts';
import { migrate } from '../../plugin/record/database/migrate.ts';
import type { StoreIdentities } from '../../plugin/record/StoreIdentities.ts';
import { DividedStore } from '../../plugin/store/dividedStore.ts';
import { FolderStore } from '../../plugin/store/folderStore.ts';
import { StoreOwnership, type StoreOwnershipDeps } from '../../plugin/work/storeOwnership.ts';
import { NAMES } from '../support/migratedDatabase.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { createPortalTables } from '../support/testPortal.ts';

const MARK = '.portal-archiver.json';
const FOREIGN = /^The store belongs to another database\./;
const CONTESTED = /^Another database writes to the store as well, or this one was restored from a backup\./;
const UNMARKED = /^Whose the store is cannot be found out: .* cannot be read or written\./;
const HOUR_MS = 3_600_000;

describe('whose a store is', () => {
  let database: TestDatabase;
  let folder = '';
  let identities: StoreIdentities;
  let elapsedMs = 0;
  const logged: string[] = [];
  beforeEach(async () => {
    database = await freshDatabase();
    await createPortalTables(database.knex);
    await migrate(database.knex, NAMES, 'up');
    ({ identities } = recordsIn(database.knex));
    folder = await mkdtemp(join(tmpdir(), 'archiver-owned-'));
    logged.length = 0;
  });
  afterEach(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  async function open(deps: Partial<StoreOwnershipDeps> = {}): Promise<StoreOwnership> {
    const store = new FolderStore({ folder });
    await store.open();
    const log = (_: object, message = '') => void logged.push(message);
    return new StoreOwnership({
      identities,
      store,
      elapsedMs: () => elapsedMs,
      logger: { info: log, warn: log },
      ...deps,
    });
  }

  const row = async () => (await database.knex('archiver.store_identity'))[0];
  const restore = (backup: object) => database.knex('archiver.store_identity').update(backup);

  it('is the first database’s that starts with it; workers that start together agree', async () => {
    const workers = await Promise.all([open(), open(), open()]);
    await Promise.all(workers.map((worker) => worker.renew()));
    for (const worker of workers) await worker.renew();
    assert.deepEqual(await Promise.all(workers.map((worker) => worker.mayRemove())), [true, true, true]);
    assert.deepEqual([await identities.conflict(), logged], [null, []]);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith(MARK)),
      [MARK],
    );
  });

  it('stays so after a crash between the writing of the two, and after a write that arrives late', async () => {
    const ownership = await open();
    await ownership.renew();
    const late = await readFile(join(folder, MARK), 'utf8');
    const { owner } = await row();
    await identities.addToken(owner, 'never written');
    assert.equal(await ownership.mayRemove(), true);
    for (let times = 0; times < 3; times++) await ownership.renew();
    await writeFile(join(folder, MARK), late);
    assert.equal(await ownership.mayRemove(), true);
  });

  it('remembers no more tokens than could be on their way', async () => {
    const { owner } = await identities.known();
    for (let token = 0; token < 260; token++) await identities.addToken(owner, String(token));
    const { tokens } = await identities.known();
    assert.deepEqual([tokens.length, tokens.at(0), tokens.at(-1)], [256, '4', '259']);
  });

  it('is contested by a database that was restored in its place, until it is adopted; both learn of it', async () => {
    const ownership = await open();
    await ownership.renew();
    const backup = await row();
    await ownership.renew();
    const ahead = await row();

    await restore(backup);
    await ownership.renew();
    assert.match((await identities.conflict()) ?? '', CONTESTED);
    assert.equal(await ownership.mayRemove(), false);
    assert.deepEqual(logged, ['nothing is removed from the store']);
    await restore(ahead);
    assert.equal(await ownership.mayRemove(), false);

    await ownership.adopt();
    assert.equal(await ownership.mayRemove(), true);
    assert.equal(await identities.conflict(), null);
  });

  it('is told again after an hour, not with each file', async () => {
    const ownership = await open();
    await writeFile(join(folder, MARK), JSON.stringify({ owner: 'another', token: 'x' }));
    for (let files = 0; files < 3; files++) assert.equal(await ownership.mayRemove(), false);
    assert.match((await identities.conflict()) ?? '', FOREIGN);
    assert.equal(logged.length, 1);
    elapsedMs += HOUR_MS;
    await ownership.renew();
    assert.equal(logged.length, 2);
  });

  it('is not taken from a mark that cannot be understood', async () => {
    await writeFile(join(folder, MARK), 'of a version to come');
    const ownership = await open();
    await ownership.renew();
    assert.match((await identities.conflict()) ?? '', FOREIGN);
    assert.equal(await readFile(join(folder, MARK), 'utf8'), 'of a version to come');
  });

  it('is unknown where no mark can be written: nothing is removed until it can be', async () => {
    const store = new FolderStore({ folder });
    let isRefused = true;
    const readMarks = () => store.readMarks();
    const writeMark = async (text: string) => {
      if (isRefused) throw new ArchiverError('store-failed', 'AuthorizationPermissionMismatch');
      await store.writeMark(text);
    };
    const ownership = await open({ store: { readMarks, writeMark } });
    await ownership.renew();
    assert.match((await identities.conflict()) ?? '', UNMARKED);
    assert.equal(await ownership.mayRemove(), false);
    await assert.rejects(ownership.adopt(), { code: 'store-failed' });
    assert.equal(await ownership.mayRemove(), false);
    isRefused = false;
    assert.equal(await ownership.mayRemove(), true);
    assert.equal(await identities.conflict(), null);
  });

  it('is unknown where the mark cannot be read', async () => {
    await mkdir(join(folder, MARK));
    const ownership = await open();
    assert.equal(await ownership.mayRemove(), false);
    assert.match((await identities.conflict()) ?? '', UNMARKED);
  });

  it('is not asked of a host’s store that keeps no mark', async () => {
    const ownership = await open({ store: {} });
    await ownership.renew();
    assert.equal(await ownership.mayRemove(), true);
    await ownership.adopt();
    assert.deepEqual([await identities.conflict(), logged], [null, []]);
  });

  it('is another’s as soon as one side of a divided store is', async () => {
    const sides = [
      new FolderStore({ folder: join(folder, 'open') }),
      new FolderStore({ folder: join(folder, 'hidden') }),
    ];
    const [shown, hidden] = sides;
    assert.ok(shown && hidden);
    const store = new DividedStore(shown, hidden);
    await store.open();
    const ownership = await open({ store });
    await ownership.renew();
    assert.equal(await ownership.mayRemove(), true);
    await shown.writeMark(JSON.stringify({ owner: 'staging without a private place', token: 'x' }));
    assert.equal(await ownership.mayRemove(), false);
    assert.match((await identities.conflict()) ?? '', FOREIGN);
  });
});
