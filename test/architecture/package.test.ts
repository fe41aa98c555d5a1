import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { publishedReadme } from '../support/publishedReadme.ts';

const run = promisify(execFile);

/** Without what an outer `npm test` says about this repository; where npm finds its packages stays. */
const OUTER = /^(npm_(package|lifecycle)_.*|npm_config_(local_|global_)?prefix|npm_command|INIT_CWD|ARCHIVER_.*)$/;
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OUTER.test(name)));

/** What a packing writes on its way must not meet the tests beside it. */
const NOT_CLONED = /^(node_modules|\.git|\.example-data|coverage)$|\.(tgz|log)$/;

async function cloneInto(folder: string): Promise<string> {
  const clone = join(folder, 'clone');
  await mkdir(clone);
  for (const name of await readdir('.')) {
    if (!NOT_CLONED.test(name)) await cp(name, join(clone, name), { recursive: true });
  }
  await symlink(resolve('node_modules'), join(clone, 'node_modules'));
  await leaveTypesUnchecked(join(clone, 'tsconfig.build.json'));
  return clone;
}

/** The compiler finds the packages under other paths there and would check all anew, for the files that it wrote already. */
async function leaveTypesUnchecked(path: string): Promise<void> {
  const { compilerOptions, ...settings } = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...settings, compilerOptions: { ...compilerOptions, noCheck: true } }));
}

describe('the package', () => {
  let folder = '';
  let project = '';
  let packed: readonly string[] = [];
  let installing = '';
  let readmeAfterwards = '';
  let database: TestDatabase;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-package-'));
    project = join(folder, 'project');
    await mkdir(project);
    const clone = await cloneInto(folder);
    // As an earlier state of the sources leaves it behind.
    await writeFile(join(clone, 'dist', 'stale.js'), '');
    const { stdout } = await run('npm', ['pack', '--silent', '--json', '--pack-destination', folder], {
      cwd: clone,
      env: environment,
    });
    readmeAfterwards = await readFile(join(clone, 'README.md'), 'utf8');
    const [made]: { filename: string; files: { path: string }[] }[] = JSON.parse(stdout.slice(stdout.indexOf('[')));
    assert.ok(made);
    packed = made.files.map(({ path }) => path);
    await writeFile(join(project, 'package.json'), '{ "name": "plain-portal", "private": true, "type": "module" }\n');
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, made.filename)];
    ({ stderr: installing } = await run('npm', install, { cwd: project, env: environment }));
    database = await freshDatabase();
    await database.knex.schema.createTable('resource', (table) => {
      table.text('id').primary();
      table.text('package_id').notNullable();
      table.text('url').notNullable();
    });
  });
  after(async () => {
    await database?.drop();
    await rm(folder, { recursive: true });
  });

  test('holds the compiled plugin, its types, migrations and manifest, and nothing of the workshop', () => {
    for (const path of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/main.js',
      'dist/show/admin/frame/assets/style.css',
      'dist/show/badge/assets/archive-status.js',
      'plugin.json',
      'plugin.schema.json',
      'LICENSE',
    ]) {
      assert.ok(packed.includes(path), path);
    }
    assert.ok(packed.some((path) => path.startsWith('migrations/')));
    const belonging =
      /^(dist\/.+\.(js|d\.ts)|dist\/show\/.+\/assets\/[\w-]+\.(css|svg)|docs\/.+\.md|migrations\/.+\.js|plugin(\.schema)?\.json|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/;
    assert.deepEqual(
      packed.filter((path) => !belonging.test(path)),
      [],
    );
  });

  test('holds nothing that a file of old sources left in dist', () => {
    assert.ok(!packed.includes('dist/stale.js'));
  });

  test('has a README of its own, and gives the repository its own back', async () => {
    const packedReadme = await readFile(join(project, 'node_modules', 'portal-archiver', 'README.md'), 'utf8');
    assert.equal(readmeAfterwards, await readFile('README.md', 'utf8'));
    assert.equal(packedReadme, publishedReadme(readmeAfterwards));
    assert.notEqual(packedReadme, readmeAfterwards);
  });

  test('installs without a warning of npm about it', () => {
    assert.doesNotMatch(installing, /portal-archiver/);
  });

  test('brings no SDK that only a setting needs', async () => {
    const { peerDependencies } = JSON.parse(await readFile('package.json', 'utf8'));
    const installed = await readdir(join(project, 'node_modules'), { recursive: true });
    assert.deepEqual(
      Object.keys(peerDependencies).filter((name) => installed.includes(name)),
      [],
    );
  });

  test('archives a file inside an empty project of plain JavaScript', async () => {
    await copyFile('test/support/installedPortal.mjs', join(project, 'portal.mjs'));
    await database.knex('resource').insert({ id: 'r1', package_id: 'd1', url: 'http://publisher.example/people.csv' });
    const { stdout } = await run(process.execPath, ['portal.mjs'], {
      cwd: project,
      env: { ...environment, DATABASE_URL: database.url, ARCHIVER_FOLDER: join(folder, 'copies') },
    });
    const { name, code, cacheUrl } = JSON.parse(stdout);
    assert.deepEqual([name, code], ['archive.succeeded', 'archived']);
    const key = /^http:\/\/portal\.example\/archiver\/(archive\/\d{8}T\d{6}Z\/r1\/people\.csv)$/.exec(cacheUrl)?.[1];
    assert.ok(key, cacheUrl);
    assert.equal(await readFile(join(folder, 'copies', key), 'utf8'), 'id,name\n1,Ada\n');
    const row = await database.knex('resource').first('cache_url');
    assert.equal(row.cache_url, cacheUrl);
  });

  test('brings the contract suites, which a store of another project passes', async () => {
    await copyFile('test/support/installedStore.test.mjs', join(project, 'store.test.mjs'));
    const { NODE_TEST_CONTEXT: _, ...alone } = environment;
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', 'store.test.mjs'], {
      cwd: project,
      env: alone,
    });
    assert.match(stdout, /# Subtest: linked files as an archive store/);
    assert.match(stdout, /^# pass (2[0-9]|3[0-9])$/m);
    assert.match(stdout, /^# fail 0$/m);
  });

  test('brings its command line', async () => {
    const { stdout } = await run('npx', ['--no-install', 'portal-archiver', '--version'], {
      cwd: project,
      env: environment,
    });
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    assert.equal(stdout.trim(), version);
  });
});
