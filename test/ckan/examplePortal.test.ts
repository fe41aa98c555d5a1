import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ExampleFolder, type RunningPortal } from '../support/examplePortal.ts';
import { summaryOf } from '../support/mirrorStage.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/runCommand.ts';

describe("the example portal's own Action API", () => {
  let example: ExampleFolder;
  let portal: RunningPortal;
  let database: TestDatabase;
  let folder = '';
  before(async () => {
    example = await ExampleFolder.create();
    portal = await example.start();
    database = await freshDatabase();
    folder = await mkdtemp(join(tmpdir(), 'archiver-mirror-'));
  });
  after(async () => {
    await portal?.stop();
    await example?.remove();
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is mirrored as any CKAN is', async () => {
    const environment = {
      DATABASE_URL: database.url,
      ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8',
      ARCHIVER_HOST_REQUESTS_PER_SECOND: '1000',
      ARCHIVER_HOST_BURST: '1000',
      ARCHIVER_RETRY_DELAYS_MS: '',
    };
    const end = await runCommand(['ckan', portal.site, '--to', folder, '--json'], { environment });
    assert.equal(end.exitCode, 0, end.errors);
    const { datasets, resources, version, counts } = summaryOf(end);
    assert.deepEqual([datasets, resources, version], [3, 20, null]);
    const { rows } = await database.knex.raw(`select d.name as dataset, o.name as organisation
      from archiver_ckan.dataset as d join archiver_ckan.organisation as o on o.id = d.owner_org order by 1`);
    assert.deepEqual(
      rows.map(({ dataset, organisation }: Record<string, string>) => [dataset, organisation]),
      [
        ['earth-and-life', 'commerce'],
        ['weather', 'noaa'],
        ['work-and-money', 'labour'],
      ],
    );
    assert.deepEqual(counts, { archived: 15, 'too-large': 1, gone: 1, 'not-data': 3 });
  });
});
