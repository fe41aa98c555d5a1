import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createArchiver } from '../../plugin/plugin.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';

describe('a start', () => {
  let database: TestDatabase;
  let folder = '';

  before(async () => {
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-start-'));
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function startLine(): Promise<object | undefined> {
    const lines: { fields: object; message: string | undefined }[] = [];
    const logger = { ...SILENT, info: (fields: object, message?: string) => void lines.push({ fields, message }) };
    const archiver = createArchiver({ environment: {} });
    archiver.register(testPortal({ knex: database.knex, settings: { folder }, logger }));
    await archiver.start({ roles: ['web'] });
    await archiver.stop();
    return lines.find(({ message }) => message === 'archiver started')?.fields;
  }

  it('says in one line what runs, with what, and what it migrated', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    const named = { version, roles: ['web'], queue: 'agenda-postgresql', store: 'folder', schema: 'archiver' };
    const first = await startLine();
    assert.ok(first && 'migrated' in first && Array.isArray(first.migrated));
    assert.deepEqual({ ...first, migrated: [] }, { ...named, migrated: [] });
    assert.match(first.migrated[0], /^\d+.*\.js$/);
    assert.deepEqual(await startLine(), { ...named, migrated: [] });
  });
});
