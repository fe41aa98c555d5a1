import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import createKnex from 'knex';
import { startPostgres } from '../test/support/postgres.ts';

// By hand, for it asks the registry: installs the tarball with npm, pnpm, Yarn (Plug'n'Play) and Yarn Classic into an empty project each,
// and archives a file there. Names on the command line choose: `node --import tsx scripts/tryPackageManagers.ts yarn`.
interface PackageManager {
  install(tarball: string): readonly string[];
  readonly run: readonly string[];
}

const MANAGERS: Readonly<Record<string, PackageManager>> = {
  npm: { install: (tarball) => ['npm', 'install', '--no-audit', '--no-fund', tarball], run: ['node', 'portal.mjs'] },
  pnpm: { install: (tarball) => ['npx', '--yes', 'pnpm@10', 'add', tarball], run: ['node', 'portal.mjs'] },
  yarn: {
    install: (tarball) => ['npx', '--yes', '@yarnpkg/cli-dist@4', 'add', `portal-archiver@file:${tarball}`],
    run: ['npx', '--yes', '@yarnpkg/cli-dist@4', 'node', 'portal.mjs'],
  },
  classic: {
    install: (tarball) => ['npx', '--yes', 'yarn@1', 'add', '--no-progress', `file:${tarball}`],
    run: ['node', 'portal.mjs'],
  },
};

const folder = mkdtempSync(join(tmpdir(), 'archiver-managers-'));
const postgres = await startPostgres();
try {
  run('.', ['npm', 'pack', '--silent', '--pack-destination', folder]);
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
  const named = process.argv.slice(2);
  for (const name of named.length > 0 ? named : Object.keys(MANAGERS)) {
    const outcome = await tryOne(name, tarball).catch((error: unknown) => `does not: ${String(error)}`);
    console.log(`${name}: ${outcome}`);
    if (!outcome.includes('"code":"archived"')) process.exitCode = 1;
  }
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true });
}

/** What the portal in the project says it came to. */
async function tryOne(name: string, tarball: string): Promise<string> {
  const manager = MANAGERS[name];
  if (!manager) throw new TypeError(`It is none of ${Object.keys(MANAGERS).join(', ')}.`);
  const project = join(folder, name);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "plain-portal", "private": true, "type": "module" }\n');
  // Where Yarn finds the end of the project.
  writeFileSync(join(project, 'yarn.lock'), '');
  copyFileSync(resolve('test/support/installedPortal.mjs'), join(project, 'portal.mjs'));
  await makeTable(name);
  run(project, manager.install(tarball));
  return run(project, manager.run, { DATABASE_URL: urlOf(name), ARCHIVER_FOLDER: join(project, 'copies') });
}

function urlOf(name: string): string {
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return url.href;
}

async function makeTable(name: string): Promise<void> {
  await inDatabase(postgres.url, `create database ${name}`);
  await inDatabase(
    urlOf(name),
    'create table resource (id text primary key, package_id text not null, url text not null)',
  );
  await inDatabase(urlOf(name), `insert into resource values ('r1', 'd1', 'http://publisher.example/people.csv')`);
}

async function inDatabase(url: string, sql: string): Promise<void> {
  const knex = createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  await knex.raw(sql).finally(() => knex.destroy());
}

function run(
  cwd: string,
  [program = '', ...args]: readonly string[],
  variables: Readonly<Record<string, string>> = {},
) {
  const registry = process.env['npm_config_registry'] ?? '';
  const options: ExecFileSyncOptions = {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...(registry && { YARN_NPM_REGISTRY_SERVER: registry, YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname }),
      YARN_ENABLE_TELEMETRY: '0',
      ...variables,
    },
  };
  return String(execFileSync(program, args, options)).trim();
}
