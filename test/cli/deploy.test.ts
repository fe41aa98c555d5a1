import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { runCommand } from '../support/runCommand.ts';

const FOLDER = 'examples/deploy';
/** What a platform's secrets would hold. */
const SECRETS: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://portal@db/portal',
  AZURE_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true',
};

interface Variable {
  readonly name: string;
  readonly value?: string;
}

const read = async (file: string) => parse(await readFile(join(FOLDER, file), 'utf8'));

const variablesOf = (list: readonly Variable[]): Record<string, string> =>
  Object.fromEntries(list.map(({ name, value }) => [name, value ?? SECRETS[name] ?? '']));

/** Reads the command with `--help` behind it: an unknown option is an error before that is looked at. */
async function isCommand(args: readonly string[]): Promise<boolean> {
  const known = await runCommand([...args.slice(0, 1), '--help']);
  const options = args.filter((arg) => arg.startsWith('--'));
  return known.exitCode === 0 && options.every((option) => known.output.includes(option));
}

describe('the examples of deployments', () => {
  it('are all tried here', async () => {
    const entries = await readdir(FOLDER, { recursive: true, withFileTypes: true });
    // `test/docs/deploy.test.ts` tries the others.
    const files = entries.filter((entry) => entry.isFile() && !/\/(kubernetes|systemd)$/.test(entry.parentPath));
    assert.deepEqual(files.map(({ name }) => name).sort(), [
      'Dockerfile',
      'README.md',
      'app.yaml',
      'cron.yaml',
      'job.yaml',
      'queue.yaml',
      'service.yaml',
      'settings.env',
    ]);
  });

  it('serve on App Engine with settings that hold, asked by cron at paths that are there', async () => {
    const { env_variables, entrypoint, service, basic_scaling } = await read('app-engine/app.yaml');
    assert.equal(loadConfig({ environment: env_variables }).store, 'gcs');
    assert.ok(await isCommand(entrypoint.split(' ').slice(1)));
    assert.equal(basic_scaling.max_instances, 2);
    const { cron } = await read('app-engine/cron.yaml');
    assert.deepEqual(
      cron.map(({ url, target }: Record<string, string>) => [url, target]),
      [
        ['/tasks/sweep', service],
        ['/tasks/work', service],
      ],
    );
    for (const { schedule } of cron) assert.match(schedule, /^every \d+ (minutes|hours)( synchronized)?$/);
    const { queue } = await read('app-engine/queue.yaml');
    assert.equal(queue[0].target, service);
  });

  it('serve on Cloud Run to a service account alone, in slices shorter than its requests', async () => {
    const { spec } = (await read('cloud-run/service.yaml')).spec.template;
    const [{ env, args, startupProbe, livenessProbe }] = spec.containers;
    const config = loadConfig({ environment: variablesOf(env) });
    assert.ok(config.taskAudience && config.taskServiceAccount);
    assert.ok(config.sliceMs < spec.timeoutSeconds * 1000);
    assert.deepEqual([startupProbe.httpGet.path, livenessProbe.httpGet.path], ['/healthz', '/healthz']);
    assert.ok(await isCommand(args));
  });

  it('run a job of Azure Container Apps that ends before its time is over', async () => {
    const { configuration, template } = (await read('azure/job.yaml')).properties;
    const [{ env, args }] = template.containers;
    const config = loadConfig({ environment: variablesOf(env) });
    assert.equal(config.store, 'azure');
    assert.ok(config.sliceMs < configuration.replicaTimeout * 1000);
    const names = configuration.secrets.map(({ name }: Variable) => name);
    for (const { secretRef } of env) assert.ok(secretRef === undefined || names.includes(secretRef), secretRef);
    assert.ok(await isCommand(args));
  });

  it('have settings for systemd that hold', async () => {
    const lines = (await readFile(join(FOLDER, 'settings.env'), 'utf8')).split('\n');
    const pairs = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(/=(.*)/s));
    const config = loadConfig({ environment: Object.fromEntries(pairs) });
    assert.equal(config.folder, '/var/lib/portal-archiver/copies');
  });

  it('start the container without a shell in between, as somebody who is not root', async () => {
    const lines = (await readFile(join(FOLDER, 'Dockerfile'), 'utf8')).split('\n');
    const [from] = lines.filter((line) => line.startsWith('FROM '));
    assert.match(from ?? '', /^FROM node:(2[02468]|\d{3,})-slim$/);
    assert.ok(lines.includes('USER node'));
    const listOf = (word: string): string[] =>
      JSON.parse(lines.find((line) => line.startsWith(`${word} [`))?.slice(word.length) ?? '[]');
    assert.deepEqual(listOf('ENTRYPOINT'), ['node_modules/.bin/portal-archiver']);
    assert.ok(await isCommand(listOf('CMD')));
  });
});
