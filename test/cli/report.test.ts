import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { runCommand } from '../support/runCommand.ts';
import { createPortalTables } from '../support/testPortal.ts';

const SITE = 'https://data.example';
const DANGEROUS = '=HYPERLINK("http://evil.example","x")';

describe('report', () => {
  let database: TestDatabase;
  before(async () => {
    database = await freshDatabase();
    const { knex } = database;
    await createPortalTables(knex);
    assert.equal((await run(['migrate', 'up'])).exitCode, 0);
    const link = (id: string, code: string, failures: number, host: string) => ({
      ...{
        resource_id: id,
        dataset_id: 'd1',
        url: `https://${host}/${id}`,
        host,
        code,
        reason: 'So it was, "so" to say.',
      },
      ...{ broken: code === 'gone' ? true : null, link_failure_count: failures, failure_count: failures },
      ...{ first_failure_at: new Date('2026-05-09T00:00:00Z'), checked_at: new Date('2026-11-01T00:00:00Z') },
    });
    await knex('archiver.archival').insert([
      link('r1', 'gone', 3, 'a.example'),
      link('r2', 'gone', 1, 'a.example'),
      link('r3', 'too-large', 0, 'b.example:81'),
      link('r4', 'gone', 9, 'b.example:81'),
    ]);
    const { reports } = recordsIn(knex);
    const met = { id: 'o1', name: 'met', title: 'Büro für Wetter' };
    await reports.noteOrganisations([
      { ...met, parentId: 'o2' },
      { id: 'o2', name: 'state', title: null, parentId: null },
    ]);
    const words = (id: string) => ({
      id,
      datasetId: 'd1',
      name: DANGEROUS,
      organisation: met,
      pageUrl: `${SITE}/r/${id}`,
    });
    const datasets = [{ id: 'd1', name: 'rain', title: 'Rain, and more' }];
    await reports.note({ resources: [words('r1'), words('r3')], datasets }, SITE);
  });
  after(() => database.drop());

  const run = (args: readonly string[]) =>
    runCommand([...args, '--portal-url', SITE], { environment: { DATABASE_URL: database.url } });

  it('says how links stand and names the broken ones', async () => {
    const { exitCode, output, errors } = await run(['report']);
    assert.deepEqual([exitCode, errors], [0, '']);
    const [counts, ...rows] = output.trimEnd().split('\n');
    assert.equal(counts, 'archived 0, broken 2, unsure 2, unfetched 0');
    assert.deepEqual(
      rows.map((row) => row.split(/ {2,}/).slice(0, 4)),
      [
        ['2026-05-09', 'broken', 'gone', '3'],
        ['2026-05-09', 'broken', 'gone', '9'],
      ],
    );
  });

  it('is of an organisation with what is a part of it, of a host, of a code, of a state', async () => {
    const idsOf = async (args: readonly string[]) => {
      const { output } = await run(['report', ...args, '--json']);
      const { links }: { links: { resourceId: string }[] } = JSON.parse(output);
      return links.map(({ resourceId }) => resourceId);
    };
    assert.deepEqual(await idsOf([]), ['r1', 'r4']);
    assert.deepEqual(await idsOf(['--organisation', 'state']), ['r1']);
    assert.deepEqual(await idsOf(['--organisation', 'o1', '--code', 'too-large']), ['r3']);
    assert.deepEqual(await idsOf(['--host', 'B.example:81']), ['r4']);
    assert.deepEqual(await idsOf(['--code', 'gone']), ['r1', 'r2', 'r4']);
    assert.deepEqual(await idsOf(['--state', 'unsure', 'broken']), ['r1', 'r2', 'r3', 'r4']);
  });

  it('is CSV as RFC 4180 has it, of which a spreadsheet takes nothing for a formula', async () => {
    const { output } = await run(['report', '--csv', '--organisation', 'met']);
    assert.ok(output.startsWith('organisation,organisation_title,dataset,') && output.endsWith('\r\n'));
    const [names = [], cells = [], ...others] = recordsOf(output);
    assert.deepEqual([others, cells.length], [[], names.length]);
    const row = Object.fromEntries(names.map((name, i) => [name, cells[i]]));
    const { organisation_title, dataset_title, resource_name, page, failing_since, reason, failures } = row;
    assert.deepEqual(
      { organisation_title, dataset_title, resource_name, page, failing_since, reason, failures },
      {
        ...{ organisation_title: 'Büro für Wetter', dataset_title: 'Rain, and more', resource_name: `'${DANGEROUS}` },
        ...{ page: `${SITE}/r/r1`, failing_since: '2026-05-09T00:00:00.000Z', reason: 'So it was, "so" to say.' },
        failures: '3',
      },
    );
  });

  it('refuses an organisation that is not there, and a code that is none', async () => {
    const unknown = await run(['report', '--organisation', 'nobody']);
    assert.deepEqual([unknown.exitCode, unknown.output, unknown.errors], [1, '', 'There is no organisation nobody.\n']);
    const mistyped = await run(['report', '--code', 'gon']);
    assert.deepEqual([mistyped.exitCode, mistyped.output], [2, '']);
    assert.equal((await run(['report', '--csv', '--json'])).exitCode, 2);
  });
});

/** By the grammar of RFC 4180 section 2 and nothing beyond it. */
function recordsOf(text: string): string[][] {
  const records: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  for (let found = field.exec(text); found; found = field.exec(text)) {
    const [, quoted, plain = '', end] = found;
    records.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') {
      if (field.lastIndex === text.length) return records;
      records.push([]);
    }
  }
  return assert.fail(`no CSV: ${text}`);
}
