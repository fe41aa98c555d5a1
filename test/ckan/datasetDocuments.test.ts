import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DatasetDocuments } from '../../plugin/mirror/datasetDocuments.ts';

describe("a dataset's document", () => {
  let folder = '';
  let documents: DatasetDocuments;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-documents-'));
    documents = new DatasetDocuments(folder);
  });
  afterEach(() => rm(folder, { recursive: true }));
  const files = async () => (await readdir(join(folder, 'datasets'))).sort();
  const read = async (name: string) => JSON.parse(await readFile(join(folder, 'datasets', name), 'utf8'));

  it('is kept as CKAN gave it', async () => {
    const document = { id: '1', name: 'rain', extras: [{ key: 'ü', value: null }], resources: [] };
    await documents.keep({ id: '1', name: 'rain', document });
    assert.deepEqual(await files(), ['rain.json']);
    assert.deepEqual(await read('rain.json'), document);
  });

  it('stays under its time when there is a later one', async () => {
    await documents.keep({ id: '1', name: 'rain', document: { title: 'one' } });
    await utimes(join(folder, 'datasets', 'rain.json'), 1_700_000_000, 1_700_000_000);
    await documents.keep({ id: '1', name: 'rain', document: { title: 'two' } });
    await utimes(join(folder, 'datasets', 'rain.json'), 1_700_000_000, 1_700_000_000);
    await documents.keep({ id: '1', name: 'rain', document: { title: 'three' } });
    assert.deepEqual(await files(), ['rain.20231114T221320Z.json', 'rain.20231114T221321Z.json', 'rain.json']);
    assert.deepEqual(await read('rain.20231114T221320Z.json'), { title: 'one' });
    assert.deepEqual(await read('rain.json'), { title: 'three' });
  });

  it('gets no earlier one when nothing, or only what a write-back changes, differs', async () => {
    const document = { metadata_modified: '1', resources: [{ id: 'a', cache_url: null }] };
    await documents.keep({ id: '1', name: 'rain', document });
    await documents.keep({ id: '1', name: 'rain', document });
    const written = { metadata_modified: '2', resources: [{ id: 'a', cache_url: 'https://archive.example/a' }] };
    await documents.keep({ id: '1', name: 'rain', document: written });
    assert.deepEqual(await files(), ['rain.json']);
    assert.deepEqual(await read('rain.json'), written);
  });

  it('never lies outside its folder, whatever its name, and never in place of another', async () => {
    const names = ['../../escaped', '/etc/passwd', 'a\0b', '..', 'con', 'Ünïcödé', 'x'.repeat(500), 'a/b', 'a\\b', ''];
    for (const [index, name] of names.entries()) await documents.keep({ id: String(index), name, document: { index } });
    assert.deepEqual(await readdir(folder), ['datasets']);
    const found = await files();
    assert.equal(found.length, names.length);
    assert.ok(
      found.every((file) => /^[a-z0-9_~-]+\.json$/.test(file) && file.length < 100),
      found.join(' '),
    );
  });
});
