import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeLinks } from '../../plugin/record/cluster/binaries.ts';

describe("the embedded PostgreSQL's programs", () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-links-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('get the links that an install script of npm would have made, once', async () => {
    const native = join(folder, 'native');
    await mkdir(join(native, 'lib'), { recursive: true });
    await writeFile(join(native, 'lib', 'libpq.so.5.18'), 'library');
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links));
    assert.equal(await makeLinks(native), true);
    assert.equal(await makeLinks(native), true);
    assert.equal(await readlink(join(native, 'lib', 'libpq.so.5')), 'libpq.so.5.18');
    assert.equal(await readFile(join(native, 'lib', 'libpq.so.5'), 'utf8'), 'library');
  });
});
