import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { SEEDED } from '../../examples/portal/seed.ts';
import { testAzurite } from '../support/azurite.ts';
import { type CodeBlock, codeBlocks, PAGES } from '../support/docs/codeBlocks.ts';
import { ELSEWHERE, faultsOf } from '../support/docs/elsewhere.ts';
import { filledIn, PLACEHOLDER_NAMES, type Places } from '../support/docs/placeholders.ts';
import { WorkPlace } from '../support/docs/workPlace.ts';
import { ExampleFolder, type RunningPortal } from '../support/examplePortal.ts';
import { testMongodb } from '../support/mongodb.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

/** What is no command: it is shown, and other tests read what matters of it. */
const SHOWN = ['js', 'json', 'html', 'yaml', 'ini', 'mermaid', 'text'];
/** `test/docs/statements.test.ts` runs them. */
const STATEMENTS = 'sql';
/** A mirror has a database for itself. */
const OWN_DATABASE = ['docs/ckan.md'];
/** Nobody in this house is polite to the example's own publisher. */
const QUICK = {
  ARCHIVER_HOST_REQUESTS_PER_SECOND: '1000',
  ARCHIVER_HOST_BURST: '1000',
  ARCHIVER_HOST_CONCURRENCY: '20',
  ARCHIVER_RETRY_DELAYS_MS: '100',
};

const blocks = PAGES.flatMap(codeBlocks);
const commandsOf = (page: string) => blocks.filter((block) => block.page === page && block.language === 'sh');
const resourceId = SEEDED[0]?.id ?? '';

describe('the blocks of code in the documents', () => {
  it('all say what they are: commands (sh), or what is only shown', () => {
    const unknown = blocks.filter(({ language }) => !['sh', STATEMENTS, ...SHOWN].includes(language));
    assert.deepEqual(
      unknown.map(({ page, line, language }) => `${page}:${line} ${language}`),
      [],
    );
    assert.ok(blocks.filter(({ language }) => language === 'sh').length > 30);
  });

  it('use names of an installation that the index of the documents explains', () => {
    const index = readFileSync('docs/README.md', 'utf8');
    const [, table = ''] = /## Names in the examples\n([\s\S]*?)(\n## |$)/.exec(index) ?? [];
    const explained = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(explained.toSorted(), PLACEHOLDER_NAMES.toSorted());
    const text = blocks.map((block) => block.text).join('\n');
    assert.deepEqual(
      PLACEHOLDER_NAMES.filter((name) => !text.includes(name)),
      [],
    );
  });

  it('run nothing elsewhere than what is listed, each with a reason', () => {
    for (const [program, { reason }] of Object.entries(ELSEWHERE)) assert.match(reason, /\w+ \w+/, program);
  });
});

describe('the shell that runs them', () => {
  const blockOf = (text: string): CodeBlock => ({ page: 'page.md', line: 3, language: 'sh', text });
  const run = async (...texts: readonly string[]) => {
    const place = await WorkPlace.create(['kubectl']);
    try {
      return await place.run(texts.map(blockOf), {});
    } finally {
      await place.remove();
    }
  };

  it('stops at a program that is in no list, and at a command that fails', async () => {
    const unknown = await run('terraform apply | cat', 'echo later');
    assert.deepEqual([unknown.exitCode, unknown.output.includes('later')], [127, false]);
    assert.match(unknown.output, /terraform: command not found\nfailed at page\.md:3: /);
    assert.equal((await run('ls nothing')).exitCode, 2);
  });

  it('says what is wrong with a command that was recorded, and with what failed in the background', async () => {
    const { exitCode, recorded } = await run('kubectl apply --filename none.yaml');
    assert.deepEqual([exitCode, recorded.flatMap(faultsOf)], [0, ['there is no file none.yaml']]);
    assert.equal((await run('ls nothing & sleep 0.2')).exitCode, 1);
  });
});

describe('the commands in the documents', { concurrency: 2 }, () => {
  let database: TestDatabase;
  let example: ExampleFolder;
  let portal: RunningPortal;
  let places: Places;
  let services: readonly { stop(): Promise<void> }[] = [];
  before(async () => {
    database = await freshDatabase();
    example = await ExampleFolder.create();
    const [azurite, mongodb] = await Promise.all([testAzurite(), testMongodb()]);
    services = 'missing' in mongodb ? [azurite] : [azurite, mongodb];
    portal = await example.start({ DATABASE_URL: database.url, ...QUICK });
    places = {
      portal: portal.site,
      file: `${portal.publisher}/data/weather.csv`,
      databaseUrl: database.url,
      mongodbUrl: 'missing' in mongodb ? null : mongodb.url,
      azure: azurite.connectionString,
      token: portal.admin,
      resourceId,
    };
  });
  after(async () => {
    await portal.stop();
    await example.remove();
    await database.drop();
    for (const service of services) await service.stop();
  });

  for (const page of PAGES.filter((one) => commandsOf(one).length > 0)) {
    it(`of ${page} run as they stand there`, async (test) => {
      const needsMongodb = commandsOf(page).some(({ text }) => text.includes('mongodb://'));
      if (needsMongodb && places.mongodbUrl === null) return test.skip('there is no MongoDB: see CONTRIBUTING.md');
      const given = OWN_DATABASE.includes(page) ? await freshDatabase() : database;
      const place = await WorkPlace.create(Object.keys(ELSEWHERE));
      try {
        const filled = commandsOf(page).map((block): CodeBlock => ({ ...block, text: filledIn(block.text, places) }));
        const { exitCode, output, recorded } = await place.run(filled, environmentOf(given));
        assert.equal(exitCode, 0, output);
        assert.deepEqual(recorded.flatMap(faultsOf), []);
        for (const program of new Set(recorded.map(([name = '']) => name)))
          test.diagnostic(`${page}: commands of ${program} were read, not run: ${ELSEWHERE[program]?.reason}`);
      } finally {
        await place.remove();
        if (given !== database) await given.drop();
      }
    });
  }

  const environmentOf = ({ url }: TestDatabase): Readonly<Record<string, string>> => ({
    DATABASE_URL: url,
    ARCHIVER_PORTAL_URL: portal.site,
    ARCHIVER_FOLDER: `${example.folder}/store`,
    ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8',
    ...QUICK,
  });
});
