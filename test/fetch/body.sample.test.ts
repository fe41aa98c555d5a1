import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { longOleFile } from '../support/binaryFiles.ts';
import { fetchOnce, MemoryStages } from '../support/fetching.ts';
import { answer, OddServer } from '../support/oddServer.ts';
import { zipFile } from '../support/zipFile.ts';

// What lies beyond the first 64 KiB of a container and tells what it is.

function zipOf(bytes: number, ...names: readonly string[]): Buffer {
  return zipFile(names.map((name) => ({ name, content: Buffer.alloc(bytes, 'x') })));
}

async function fetched(
  path: string,
  body: Buffer,
  coding?: 'gzip',
): Promise<{ attempt: Attempt; stages: MemoryStages }> {
  const stages = new MemoryStages();
  const reply = coding
    ? answer(200, { 'content-encoding': coding }, gzipSync(body))
    : answer(200, { 'content-type': 'application/octet-stream' }, body);
  const attempt = await fetchOnce(await OddServer.start({ '*': reply }), path, { stages });
  assert.equal(attempt.kind, 'fetched');
  assert.deepEqual(stages.bodyOf(attempt), body);
  return { attempt, stages };
}

describe('a container longer than its first bytes', () => {
  for (const coding of [undefined, 'gzip'] as const) {
    it(`is known by its end${coding ? ', once decoded' : ''}`, async () => {
      const { attempt, stages } = await fetched('/export', zipOf(100_000, 'files/a.png', 'doc.kml'), coding);
      assert.deepEqual(
        [attempt.format, attempt.mediaType, attempt.filename, stages.keys[0]?.split('/').at(-1)],
        ['KMZ', 'application/vnd.google-earth.kmz', 'export.kmz', 'export.kmz'],
      );
    });
  }

  it('keeps the name it is being staged under', async () => {
    const { attempt, stages } = await fetched('/export', zipOf(1_500_000, 'files/a.png', 'doc.kml'));
    assert.deepEqual(
      [attempt.format, attempt.filename, stages.keys[0]?.split('/').at(-1)],
      ['KMZ', 'export.zip', 'export.zip'],
    );
  });

  it('is known by its directory, where its head says that is', async () => {
    const { attempt } = await fetched('/report', longOleFile(300_000, 'PowerPoint Document'));
    assert.deepEqual([attempt.format, attempt.filename], ['PPT', 'report.ppt']);
  });

  it('stays what it seemed to be where its head points to nothing', async () => {
    const { attempt } = await fetched('/report', longOleFile(300_000, 'PowerPoint Document').subarray(0, 200_000));
    assert.deepEqual([attempt.format, attempt.filename], ['OLE2', 'report']);
  });
});
