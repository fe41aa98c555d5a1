import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { brokenImportRules } from '../support/importRules.ts';

const MODULE = 'export interface One { id: string }\nexport const one = 1;\n';

// That they hold for all of the tree is said by `npm run check:imports`.
describe('the import rules', () => {
  let folder = '';
  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'archiver-rules-')));
  });
  after(() => rm(folder, { recursive: true }));

  /** What these modules break, each as `rule: from → to`. */
  async function violations(modules: Readonly<Record<string, string>>): Promise<string[]> {
    const tree = await mkdtemp(join(folder, 'tree-'));
    for (const [path, source] of Object.entries(modules)) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await writeFile(join(tree, path), source);
    }
    return (await brokenImportRules(['plugin'], tree)).errors;
  }

  const ruleOf = (violation: string) => violation.split(':')[0] ?? '';
  /** The names of the rules that these modules break. */
  const broken = async (modules: Readonly<Record<string, string>>) => (await violations(modules)).map(ruleOf);

  /** The same for the rows of a table, in one tree, for a cruise costs more than what it sees: those whose `from` begins so. */
  function inOneTree(modules: Readonly<Record<string, string>>): (from: string) => Promise<string[]> {
    let all: Promise<string[]> | null = null;
    return async (from) => {
      all ??= violations(modules);
      return (await all).filter((violation) => violation.includes(`: ${from}`));
    };
  }

  test('fail when no module was seen', async () => {
    await mkdir(join(folder, 'plugin'), { recursive: true });
    const { modules, errors } = await brokenImportRules(['plugin'], folder);
    assert.equal(modules, 0);
    assert.deepEqual(errors, ['no module was found in plugin']);
  });

  test("let a step use another step's types, not its code", async () => {
    const store = 'export interface Stage { id: string }\nexport const code = 1;\n';
    const types = "import type { Stage } from '../store/stage.ts';\nexport const stage: Stage = { id: '' };\n";
    const code = "import { code } from '../store/stage.ts';\nexport const more = code;\n";
    assert.deepEqual(await broken({ 'plugin/store/stage.ts': store, 'plugin/fetch/use.ts': types }), []);
    assert.deepEqual(await broken({ 'plugin/store/stage.ts': store, 'plugin/fetch/use.ts': code }), ['steps-apart']);
  });

  test('keep steps from what wires them', async () => {
    const modules = {
      'plugin/wiring/openStore.ts': 'export const open = 1;\n',
      'plugin/job/use.ts': "import { open } from '../wiring/openStore.ts';\nexport const more = open;\n",
    };
    assert.deepEqual(await broken(modules), ['steps-know-no-edges']);
  });

  test('keep decisions pure', async () => {
    const source = "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n";
    assert.deepEqual(await broken({ 'plugin/decide/next.ts': source }), ['decisions-are-pure']);
  });

  test('keep the vocabulary and the decisions from the steps, types too', async () => {
    const hosts = 'export interface Host { id: string }\n';
    const use = "import type { Host } from '../record/hosts.ts';\nexport const host: Host = { id: '' };\n";
    const found = (path: string) => broken({ 'plugin/record/hosts.ts': hosts, [path]: use });
    assert.deepEqual(await found('plugin/model/use.ts'), ['model-imports-nothing']);
    assert.deepEqual(await found('plugin/decide/use.ts'), ['decisions-are-pure']);
  });

  test('let every step use the decisions', async () => {
    const modules = {
      'plugin/decide/hostOf.ts': 'export const hostOf = 1;\n',
      'plugin/trigger/use.ts': "import { hostOf } from '../decide/hostOf.ts';\nexport const more = hostOf;\n",
    };
    assert.deepEqual(await broken(modules), []);
  });

  const ABOVE_THE_STEPS: readonly (readonly [string, string, string, string])[] = [
    ['work-knows-contracts', 'plugin/work/batch.ts', '../job/queue.ts', 'plugin/job/queue.ts'],
    ['work-knows-contracts', 'plugin/work/other.ts', '../wiring/open.ts', 'plugin/wiring/open.ts'],
    ['settings-know-the-vocabulary', 'plugin/settings/load.ts', '../portal/tables.ts', 'plugin/portal/tables.ts'],
    ['settings-know-the-vocabulary', 'plugin/settings/kind.ts', '../wiring/open.ts', 'plugin/wiring/open.ts'],
    ['only-wiring-names-edges', 'plugin/archiveResource.ts', './store/folder.ts', 'plugin/store/folder.ts'],
    ['leases-know-nothing', 'plugin/lease/renewal.ts', '../job/queue.ts', 'plugin/job/queue.ts'],
    ['steps-know-no-edges', 'plugin/store/folder.ts', '../settings/load.ts', 'plugin/settings/load.ts'],
    ['steps-know-no-edges', 'plugin/trigger/relay.ts', '../work/forget.ts', 'plugin/work/forget.ts'],
  ];
  const aboveTheSteps = inOneTree({
    ...Object.fromEntries(ABOVE_THE_STEPS.map(([, , , to]) => [to, 'export const used = 1;\n'])),
    ...Object.fromEntries(
      ABOVE_THE_STEPS.map(([, from, path]) => [
        from,
        `import { used as theirs } from '${path}';\nexport const used = theirs;\n`,
      ]),
    ),
  });
  for (const [rule, from, , to] of ABOVE_THE_STEPS) {
    test(`let ${from} use no code of ${to}: ${rule}`, async () => {
      assert.deepEqual(await aboveTheSteps(from), [`${rule}: ${from} → ${to}`]);
    });
  }

  test('keep the composition root at the top', async () => {
    const modules = {
      'plugin/plugin.ts': 'export const create = 1;\n',
      'plugin/index.ts': "export { create } from './plugin.ts';\n",
      'plugin/archive.ts': "import { create } from './plugin.ts';\nexport const more = create;\n",
    };
    assert.deepEqual(await broken(modules), ['nothing-imports-the-root']);
  });

  test('keep the contract suites out of the product, and the product out of them', async () => {
    const modules = {
      'plugin/testing/suite.ts': "import { open } from '../store/open.ts';\nexport const suite = open;\n",
      'plugin/store/open.ts': 'export const open = 1;\n',
      'plugin/store/use.ts': "import { suite } from '../testing/suite.ts';\nexport const more = suite;\n",
    };
    const rules = ['contract-suites-know-contracts', 'product-apart-from-contract-suites'];
    assert.deepEqual((await broken(modules)).sort(), rules);
  });

  test('let the contract suites need node alone', async () => {
    const modules = {
      'package.json': JSON.stringify({ type: 'module', dependencies: { express: '1.0.0' } }),
      'node_modules/express/package.json': JSON.stringify({ name: 'express', version: '1.0.0', main: 'index.js' }),
      'node_modules/express/index.js': 'module.exports = 1;\n',
      'plugin/testing/suite.ts': "import express from 'express';\nexport const suite = express;\n",
      'plugin/testing/other.ts': "import { it } from 'node:test';\nexport const other = it;\n",
    };
    const found = await broken(modules);
    assert.deepEqual(found.sort(), ['contract-suites-need-node-alone', 'door-of-node-modules-express']);
  });

  const ON_DEMAND = [
    'plugin/store/azureBlobStore.ts',
    'plugin/store/cloudStorageStore.ts',
    'plugin/store/s3Store.ts',
    'plugin/job/mongoJobs.ts',
  ];
  for (const path of ON_DEMAND) {
    test(`let ${path} be imported on demand alone, for its SDK may be missing`, async () => {
      const from = path.replace('plugin/', '../');
      const modules = {
        [path]: 'export const one = 1;\n',
        'plugin/wiring/early.ts': `import { one } from '${from}';\nexport const more = one;\n`,
        'plugin/wiring/later.ts': `export const more = () => import('${from}');\n`,
      };
      assert.deepEqual(await violations(modules), [`sdks-on-demand: plugin/wiring/early.ts → ${path}`]);
    });
  }

  test('find a ring of modules', async () => {
    const modules = {
      'plugin/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
      'plugin/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
    };
    assert.deepEqual(new Set(await broken(modules)), new Set(['no-cycles']));
  });

  test('find a ring of types', async () => {
    const modules = {
      'plugin/record/a.ts': "import type { B } from './b.ts';\nexport interface A { b: B }\n",
      'plugin/record/b.ts': "import type { A } from './a.ts';\nexport interface B { a: A }\n",
    };
    assert.deepEqual(new Set(await broken(modules)), new Set(['no-cycles']));
  });

  /** A step, a room of it, rooms that it may import from, and one that it may not. */
  const ROOMS: readonly (readonly [string, string, readonly string[], string])[] = [
    ['fetch', 'http', [], 'outcome'],
    ['fetch', 'outcome', ['http'], 'exchange'],
    ['fetch', 'connect', ['http'], 'exchange'],
    ['fetch', 'exchange', ['connect', 'outcome', 'http'], 'follow'],
    ['fetch', 'cache', ['outcome', 'http'], 'exchange'],
    ['fetch', 'follow', ['exchange', 'outcome', 'http'], 'connect'],
    ['fetch', 'html', [], 'landing'],
    ['fetch', 'landing', ['html', 'sniff', 'http'], 'body'],
    ['fetch', 'form', ['html', 'outcome'], 'follow'],
    ['fetch', 'sniff', ['http'], 'service'],
    ['fetch', 'service', ['sniff'], 'body'],
    ['fetch', 'digest', ['http'], 'thread'],
    ['fetch', 'thread', ['digest'], 'http'],
    ['fetch', 'body', ['exchange', 'cache', 'sniff', 'service', 'digest', 'outcome', 'http'], 'thread'],
    ['fetch', 'retrieve', ['thread'], 'digest'],
    ['record', 'cluster', [], 'database'],
    ['record', 'database', [], 'archival'],
    ['record', 'coordination', ['database'], 'archival'],
    ['record', 'history', ['database'], 'archival'],
    ['record', 'proposal', ['database'], 'archival'],
    ['record', 'archival', ['history', 'proposal', 'coordination', 'database'], 'run'],
    ['record', 'run', ['archival', 'coordination', 'database'], 'history'],
    ['record', 'operator', ['run', 'database'], 'archival'],
    ['record', 'report', ['history', 'database'], 'archival'],
    ['record', 'mail', ['report', 'history', 'database'], 'archival'],
    ['cli', 'context', [], 'operate'],
    ['cli', 'archive', ['context'], 'probe'],
    ['cli', 'operate', ['context'], 'archive'],
    ['cli', 'probe', ['context'], 'operate'],
    ['cli', 'ckan', ['context'], 'archive'],
  ];
  const importing = (rooms: readonly string[], clause: string) =>
    rooms.map((other) => `import ${clause} from '../${other}/a.ts';\n`).join('');
  const rooms = inOneTree(
    Object.fromEntries(
      ROOMS.flatMap(([step, room, allowed, forbidden]) => [
        ...[...allowed, forbidden].map((other) => [`plugin/${step}/${other}/a.ts`, MODULE]),
        [`plugin/${step}/${room}/code.ts`, importing(allowed, '{ one }')],
        [`plugin/${step}/${room}/types.ts`, importing(allowed, 'type { One }')],
        [`plugin/${step}/${room}/wrongCode.ts`, importing([forbidden], '{ one }')],
        [`plugin/${step}/${room}/wrongTypes.ts`, importing([forbidden], 'type { One }')],
      ]),
    ),
  );
  for (const [step, room, , forbidden] of ROOMS) {
    test(`keep the room ${room} of ${step} from code and types of ${forbidden}`, async () => {
      const wrong = ['wrongCode', 'wrongTypes'].map(
        (name) => `${step}-${room}: plugin/${step}/${room}/${name}.ts → plugin/${step}/${forbidden}/a.ts`,
      );
      assert.deepEqual((await rooms(`plugin/${step}/${room}/`)).sort(), wrong);
    });
  }

  for (const step of new Set(ROOMS.map(([name]) => name))) {
    test(`have a row for each room of ${step}`, async () => {
      const entries = await readdir(`plugin/${step}`, { withFileTypes: true });
      const rooms = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      assert.deepEqual(ROOMS.flatMap(([of, room]) => (of === step ? [room] : [])).sort(), rooms.sort());
    });
  }

  test('let the tables use the contracts of record, and not what opens them', async () => {
    const modules = (file: string) => ({
      [`plugin/record/${file}.ts`]: 'export interface One { id: string }\n',
      'plugin/record/run/use.ts': `import type { One } from '../${file}.ts';\n`,
    });
    assert.deepEqual(await broken(modules('Runs')), []);
    assert.deepEqual(await broken(modules('openRecords')), ['record-run']);
  });

  test('let a fetch use every room but those that run fetches', async () => {
    const modules = {
      'plugin/fetch/retrieve/a.ts': MODULE,
      'plugin/fetch/fetcher.ts': "import type { One } from './retrieve/a.ts';\n",
    };
    assert.deepEqual(await broken(modules), ['fetch']);
  });

  test('let only what wires fetches import them', async () => {
    const source = "import type { One } from '../fetch/fetcher.ts';\n";
    const fetcher = { 'plugin/fetch/fetcher.ts': MODULE };
    assert.deepEqual(await broken({ ...fetcher, 'plugin/wiring/use.ts': source }), []);
    assert.deepEqual(await broken({ ...fetcher, 'plugin/work/use.ts': source }), ['fetch-from-outside']);
  });

  test('let the other routes know of the pages what they answer, and the frame no page', async () => {
    const page = { 'plugin/show/admin/pages/a.ts': MODULE, 'plugin/show/admin/adminAnswers.ts': MODULE };
    const use = (path: string) => `import { one } from '${path}';\nexport const used = one;\n`;
    const handler = (path: string) => ({ ...page, 'plugin/show/handler.ts': use(path) });
    assert.deepEqual(await broken(handler('./admin/adminAnswers.ts')), []);
    assert.deepEqual(await broken(handler('./admin/pages/a.ts')), ['pages-stand-by-themselves']);
    const frame = { ...page, 'plugin/show/admin/frame/b.ts': use('../pages/a.ts') };
    assert.deepEqual(await broken(frame), ['frame-knows-no-page']);
    const table = { ...page, 'plugin/show/admin/table/b.ts': use('../pages/a.ts') };
    assert.deepEqual(await broken(table), ['tables-know-no-page']);
  });

  const DOORS: readonly (readonly [string, string, string])[] = [
    ['node:net', 'plugin/store/a.ts', 'plugin/fetch/a.ts'],
    ['node:https', 'plugin/notify/a.ts', 'plugin/fetch/a.ts'],
    ['node:dns/promises', 'plugin/notify/a.ts', 'plugin/fetch/a.ts'],
    ['undici', 'plugin/notify/a.ts', 'plugin/fetch/a.ts'],
    ['knex', 'plugin/job/a.ts', 'plugin/record/a.ts'],
    ['agenda', 'plugin/trigger/a.ts', 'plugin/job/a.ts'],
    ['@azure/storage-blob', 'plugin/store/folderStore.ts', 'plugin/store/azureBlobStore.ts'],
    ['@google-cloud/storage', 'plugin/store/objectStore.ts', 'plugin/store/cloudStorageStore.ts'],
    ['@aws-sdk/client-s3', 'plugin/store/objectStore.ts', 'plugin/store/s3Store.ts'],
    ['koffi', 'plugin/store/flush/diskFlush.ts', 'plugin/store/flush/syncfs.ts'],
    ['jose', 'plugin/show/taskGuard.ts', 'plugin/show/taskToken.ts'],
    ['express', 'plugin/portal/a.ts', 'plugin/show/a.ts'],
    ['@remix-run/html-template', 'plugin/show/admin/pages/a.ts', 'plugin/show/admin/frame/html.ts'],
    ['csv-stringify', 'plugin/show/admin/table/listing.ts', 'plugin/show/admin/table/formats.ts'],
    ['node-cron', 'plugin/trigger/sweep.ts', 'plugin/trigger/schedule.ts'],
    ['node-cron', 'plugin/settings/loadConfig.ts', 'plugin/settings/cronKind.ts'],
    ['commander', 'plugin/show/a.ts', 'plugin/cli/a.ts'],
  ];
  const libraries = [...new Set(DOORS.map(([library]) => library))];
  /** A module that imports every library whose row has it in that column. */
  const importsOf = (path: string) =>
    DOORS.filter(([, outside, inside]) => path === outside || path === inside)
      .map(([library], at) => `import library${at} from '${library}';\nexport const used${at} = library${at};\n`)
      .join('');
  const doors = inOneTree({
    'package.json': JSON.stringify({
      type: 'module',
      dependencies: Object.fromEntries(libraries.map((library) => [library, '1.0.0'])),
    }),
    ...Object.fromEntries(
      libraries.flatMap((library) => [
        [`node_modules/${library}/package.json`, JSON.stringify({ name: library, version: '1.0.0', main: 'index.js' })],
        [`node_modules/${library}/index.js`, 'module.exports = 1;\n'],
      ]),
    ),
    ...Object.fromEntries(DOORS.flatMap(([, ...paths]) => paths.map((path) => [path, importsOf(path)]))),
  });
  for (const [library, outside, inside] of DOORS) {
    test(`let only its door ${inside} use ${library}`, async () => {
      const to = new RegExp(` → (node_modules/)?${library.replace('node:', '')}(/index\\.js)?$`);
      const ofLibrary = async (path: string) => (await doors(path)).filter((violation) => to.test(violation));
      const found = await ofLibrary(outside);
      assert.ok(found.length > 0 && found.every((violation) => violation.startsWith('door-of-')), found.join());
      assert.deepEqual(await ofLibrary(inside), []);
    });
  }
});
