import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { systemLacks } from '../../plugin/store/flush/fileSystem.ts';
import { addUnreported, archivedOnce, assertNotAskedAgain, proveFault, requestsOf } from '../support/faultProof.ts';
import { program, root, skipWithout } from '../support/infrastructure.ts';
import { loopDisk } from '../support/loopDisk.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { smallDisk } from '../support/smallDisk.ts';
import { until } from '../support/until.ts';

const WARNING = 'nothing is fetched: a service of ours refuses';
const KIB = 1024;

describe('while the disk of the store', { skip: skipWithout(root) }, () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function onSmallDisk(bytes: number) {
    const disk = await smallDisk(bytes);
    closers.push(() => disk.unmount());
    const portal = await ShownPortal.open({ settings: { folder: disk.folder, minFreeBytes: 4 * KIB } });
    closers.push(() => portal.close());
    return { disk, portal };
  }

  const errorsOf = (portal: ShownPortal) =>
    portal.logged.filter(({ message }) => message === WARNING).map(({ fields }) => JSON.stringify(fields));

  const sentenceOf = async (portal: ShownPortal, id: string) =>
    (await recordsIn(portal.database.knex).taskStatus.get(id))?.error ?? '';

  it('is full while files are on their way, none is fetched again, and all are archived once when there is room', async () => {
    const { disk, portal } = await onSmallDisk(8 * KIB * KIB);
    for (const id of ['r0', 'r1', 'r2']) portal.files.set(`/${id}.csv`, { body: 'a,b\n'.repeat(20 * KIB) });
    await proveFault(portal, {
      begin: () => writeFile(join(disk.folder, 'of others'), Buffer.alloc(8 * KIB * KIB - 40 * KIB)),
      end: () => rm(join(disk.folder, 'of others')),
      line: /nothing is fetched: a service of ours refuses.*(ENOSPC|bytes free)/,
      check: 'bulk',
      isShown: ({ detail }) => /^A worker pauses: the store/.test(detail ?? ''),
    });
  });

  it('may only be read when what is on its way arrives, it is kept, and all are archived once', async () => {
    const { disk, portal } = await onSmallDisk(64 * KIB * KIB);
    await proveFault(portal, {
      begin: () => disk.remount('ro'),
      end: () => disk.remount('rw'),
      line: /nothing is fetched: a service of ours refuses.*EROFS/,
      check: 'bulk',
    });
  });

  const ext4 = skipWithout(program('mkfs.ext4', 'e2fsprogs'));
  for (const flush of ['group', 'file']) {
    const skip = ext4 || (flush === 'group' && (systemLacks(process.platform, release()) ?? false));
    it(`breaks, flushed by ${flush}: it is told, nothing is recorded, and no file is fetched again`, {
      skip,
    }, async () => {
      const disk = await loopDisk();
      closers.push(() => disk.unmount());
      const portal = await ShownPortal.open({ settings: { folder: disk.folder, minFreeBytes: 4 * KIB, flush } });
      closers.push(() => portal.close());
      const ids = await addUnreported(portal, 8);
      for (const id of ids) portal.files.set(`/${id}.csv`, { body: 'a,b\n'.repeat(20 * KIB) });
      portal.beforeAnswer = () => disk.fill();
      await portal.archiver.archive.sweep({ dryRun: false });
      await until(() => errorsOf(portal).some((fields) => /EIO|ENOSPC|EROFS/.test(fields)), 60);
      await until(async () => {
        const { body } = await portal.agent().get('/health/ready');
        return /^A worker pauses: the store/.test(body.checks.bulk.detail ?? '');
      }, 60);
      assertNotAskedAgain(portal, ids);
      const { copies } = recordsIn(portal.database.knex);
      assert.equal((await copies.listByResources(ids)).size, 0);
    });
  }

  it('is full, no file is fetched again, and all are archived once when there is room', async () => {
    const { disk, portal } = await onSmallDisk(256 * KIB);
    const ids = await addUnreported(portal, 3);
    for (const id of ids) portal.files.set(`/${id}.csv`, { body: 'a,b\n'.repeat(100 * KIB) });
    await portal.archiver.archive.sweep({ dryRun: false });
    await portal.archiver.archive.requestResource('r0');
    await until(() => errorsOf(portal).some((fields) => /ENOSPC|bytes free/.test(fields)));
    await until(async () => /^Nothing is fetched for now: /.test(await sentenceOf(portal, 'r0')));
    await until(async () => {
      const { body } = await portal.agent().get('/health/ready');
      return /^A worker pauses: the store/.test(body.checks.bulk.detail ?? '');
    });
    assertNotAskedAgain(portal, ids);

    await disk.remount('size=64m');
    await archivedOnce(portal, ids);
    assert.ok(
      requestsOf(portal, ids).every((count) => count <= 2),
      requestsOf(portal, ids).join(),
    );
  });

  it('may only be read, no file is fetched at all, and all are archived once when it may be written', async () => {
    const { disk, portal } = await onSmallDisk(64 * KIB * KIB);
    const ids = await addUnreported(portal, 3);
    await disk.remount('ro');
    await portal.archiver.archive.sweep({ dryRun: false });
    await portal.archiver.archive.requestResource('r0');
    await until(() => errorsOf(portal).some((fields) => fields.includes('EROFS')));
    await until(async () => /^Nothing is fetched for now: /.test(await sentenceOf(portal, 'r0')));
    await until(async () => (await portal.agent().get('/health/ready')).status === 503);
    assert.deepEqual(requestsOf(portal, ids), [0, 0, 0]);

    await disk.remount('rw');
    await archivedOnce(portal, ids);
    assert.deepEqual(requestsOf(portal, ids), [1, 1, 1]);
  });
});
