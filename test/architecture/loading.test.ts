import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OPTIONAL_LIBRARIES } from '../../plugin/settings/optionalLibraries.ts';

const AZURE = 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=YQ==';

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node with nothing of ours in its environment but what is given. */
function node(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const own = Object.entries(process.env).filter(([name]) => !/^(ARCHIVER_|AZURE_|NODE_|DATABASE_URL)/.test(name));
  const env = { ...Object.fromEntries(own), ...variables };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env }, (_, stdout, stderr) =>
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe('what is loaded', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-loads-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** The packages that Node loads, and what it printed. */
  async function packagesOf(name: string, args: readonly string[]): Promise<{ packages: string[]; stdout: string }> {
    const file = join(folder, name);
    const { stdout } = await node(['--import', './test/support/recordLoads.mjs', ...args], { LOADS_FILE: file });
    const lines = (await readFile(file, 'utf8')).split('\n');
    const found = lines.flatMap((line) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(line)?.[1] ?? []);
    return { packages: [...new Set(found)].sort(), stdout };
  }

  it('by an import of the package is neither fetcher, database, queue nor any SDK', async () => {
    const script = "await import('./dist/index.js'); console.log('imported')";
    const { packages, stdout } = await packagesOf('import', ['--input-type=module', '--eval', script]);
    assert.equal(stdout, 'imported\n');
    assert.ok(packages.includes('express'), packages.join());
    const heavy =
      /^(@azure\/.*|@aws-sdk\/.*|@google-cloud\/.*|@agendajs\/.*|agenda|mongodb|bson|knex|pg|undici|parse5|tough-cookie|standardwebhooks|nodemailer|pino|commander|cli-progress)$/;
    assert.deepEqual(
      packages.filter((name) => heavy.test(name)),
      [],
    );
  });

  it('by a fetch thread is neither what reads settings nor what only the rest of the process needs', async () => {
    const script = "await import('./dist/wiring/fetchThread.js').catch(({ code }) => console.log(code))";
    const { packages, stdout } = await packagesOf('thread', ['--input-type=module', '--eval', script]);
    assert.equal(stdout, 'thread-failed\n');
    const needed = ['content-disposition', 'iconv-lite', 'ipaddr.js', 'lru-cache', 'parse5', 'tough-cookie', 'undici'];
    const ofThem = ['entities', 'safer-buffer', 'tldts', 'tldts-core'];
    assert.deepEqual(
      packages.filter((name) => !needed.includes(name) && !ofThem.includes(name)),
      [],
    );
    assert.ok(packages.includes('undici'), packages.join());
  });

  it('by --version is nothing but the version', async () => {
    for (const flag of ['--version', '-V']) {
      const { packages, stdout } = await packagesOf(`version${flag}`, ['dist/cli/main.js', flag]);
      assert.deepEqual(packages, []);
      assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    }
  });
});

describe('a package that only a setting needs', () => {
  const HIDING = ['--import', './test/support/hidePackages.mjs'];
  const check = (hidden: string, variables: Readonly<Record<string, string>>) =>
    node([...HIDING, 'dist/cli/main.js', 'config', 'check'], { HIDDEN_PACKAGES: hidden, ...variables });

  it('is no fault where no setting needs it', async () => {
    const hidden =
      '@azure/storage-blob @google-cloud/storage @aws-sdk/client-s3 jose @agendajs/mongo-backend mongodb koffi';
    assert.deepEqual(await check(hidden, {}).then(({ exitCode, stderr }) => ({ exitCode, stderr })), {
      exitCode: 0,
      stderr: '',
    });
  });

  const MISSING: readonly {
    readonly hidden: string;
    readonly variables: Readonly<Record<string, string>>;
    readonly message: string;
  }[] = [
    {
      hidden: '@azure/storage-blob',
      variables: { ARCHIVER_STORE: 'azure', AZURE_STORAGE_CONNECTION_STRING: AZURE },
      message:
        'ARCHIVER_STORE (store) is "azure", which needs what is not installed: npm install @azure/storage-blob@12',
    },
    {
      hidden: '@google-cloud/storage',
      variables: { ARCHIVER_STORE: 'gcs', ARCHIVER_GCS_BUCKET: 'copies' },
      message:
        'ARCHIVER_STORE (store) is "gcs", which needs what is not installed: npm install @google-cloud/storage@7',
    },
    {
      hidden: '@aws-sdk/client-s3',
      variables: { ARCHIVER_STORE: 's3', ARCHIVER_S3_BUCKET: 'copies' },
      message: 'ARCHIVER_STORE (store) is "s3", which needs what is not installed: npm install @aws-sdk/client-s3@3',
    },
    {
      hidden: 'koffi',
      variables: { ARCHIVER_FLUSH: 'group' },
      message: 'ARCHIVER_FLUSH (flush) is "group", which needs what is not installed: npm install koffi@3',
    },
    {
      hidden: '@agendajs/mongo-backend mongodb',
      variables: { ARCHIVER_MONGODB_URL: 'mongodb://queue.example/archiver' },
      message:
        'ARCHIVER_MONGODB_URL (mongodbUrl) is set, which needs what is not installed: npm install @agendajs/mongo-backend@4 mongodb@7',
    },
    {
      hidden: 'mongodb',
      variables: { ARCHIVER_MONGODB_URL: 'mongodb://queue.example/archiver' },
      message: 'ARCHIVER_MONGODB_URL (mongodbUrl) is set, which needs what is not installed: npm install mongodb@7',
    },
  ];
  for (const { hidden, variables, message } of MISSING) {
    it(`is named with its setting and the command that installs it: ${hidden}`, async () => {
      const { exitCode, stdout, stderr } = await check(hidden, variables);
      assert.deepEqual(
        { exitCode, stdout, stderr },
        {
          exitCode: 2,
          stdout: '',
          stderr: `1 setting is wrong:\n- ${message}\n`,
        },
      );
    });
  }

  it('is an optional peer in the version that the message names', async () => {
    const manifest = JSON.parse(await readFile('package.json', 'utf8'));
    const named = OPTIONAL_LIBRARIES.flatMap(({ packages }) => packages);
    assert.deepEqual(
      named.map((one) => one.replace(/@[^@]+$/, '')).sort(),
      Object.keys(manifest.peerDependencies).sort(),
    );
    for (const one of named) {
      const [, name = '', major] = /^(.+)@(\d+)$/.exec(one) ?? [];
      assert.match(manifest.peerDependencies[name], new RegExp(`\\^${major}\\.`), name);
      assert.deepEqual(manifest.peerDependenciesMeta[name], { optional: true });
      assert.match(manifest.devDependencies[name], new RegExp(`^${major}\\.`), 'which the tests run with');
      assert.equal(manifest.dependencies[name], undefined);
    }
  });
});

describe('the versions of the dependencies', () => {
  it('are ranges, for the portal has some of them too', async () => {
    const { dependencies, optionalDependencies } = JSON.parse(await readFile('package.json', 'utf8'));
    const ranges = Object.entries({ ...dependencies, ...optionalDependencies });
    assert.deepEqual(
      ranges.filter(([, range]) => !/^\^\d/.test(String(range))),
      [],
    );
  });
});
