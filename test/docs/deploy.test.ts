import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { validate } from 'dockerfile-utils';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { SETTINGS } from '../../plugin/settings/settingsTable.ts';
import { type KubernetesObject, kubernetesObjects, systemdUnits } from '../support/docs/deployed.ts';
import { manifestErrors } from '../support/docs/manifestErrors.ts';
import { runCommand } from '../support/runCommand.ts';

const SYSTEMD = 'examples/deploy/systemd';
const APP = '/opt/portal-archiver';

/** The parts of a pod that the examples are held to. */
interface Pod {
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: { readonly runAsNonRoot: boolean };
  readonly containers: readonly {
    readonly args?: readonly string[];
    readonly envFrom: readonly unknown[];
    readonly securityContext: { readonly allowPrivilegeEscalation: boolean; readonly readOnlyRootFilesystem: boolean };
    readonly resources: { readonly limits: { readonly memory: string } };
    readonly livenessProbe?: { readonly httpGet: { readonly path: string } };
    readonly readinessProbe?: { readonly httpGet: { readonly path: string } };
  }[];
}

interface Workload extends KubernetesObject {
  readonly spec: { readonly template: { readonly spec: Pod } };
}

interface Settings extends KubernetesObject {
  readonly data: Readonly<Record<string, string>>;
}

const isWorkload = (object: KubernetesObject): object is Workload => ['Deployment', 'Job'].includes(object.kind);
const isSettings = (object: KubernetesObject): object is Settings => object.kind === 'ConfigMap';

/** The lines `Name=value` of a unit. */
const directiveOf = (unit: string, name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? null;

/** The command is one of ours, and knows every option. */
async function assertCommand(args: readonly string[]): Promise<void> {
  const firstOption = args.findIndex((arg) => arg.startsWith('--'));
  const { exitCode, output } = await runCommand([...args.slice(0, firstOption), '--help']);
  assert.equal(exitCode, 0, args.join(' '));
  for (const option of args.filter((arg) => arg.startsWith('--'))) assert.ok(output.includes(option), option);
}

describe('the manifests for Kubernetes', () => {
  const objects = kubernetesObjects();
  const pods = objects.filter(isWorkload).map(({ metadata, spec }) => ({ ...metadata, pod: spec.template.spec }));
  const settings = objects.find(isSettings)?.data ?? assert.fail('no settings');

  it('are what the schemas of their kinds take, and nothing beside', () => {
    assert.deepEqual(manifestErrors(objects), []);
    assert.equal(objects.length, 5);
  });

  it('would not pass with a member that no schema knows', () => {
    const [wrong] = objects.filter(isWorkload).map((object) => ({ ...object, spec: { ...object.spec, replica: 2 } }));
    assert.match(manifestErrors([wrong ?? assert.fail()]).join(), /"replica"' does not exist/);
  });

  it('run the archiver’s own commands as nobody in particular, with a limit of memory', async () => {
    for (const { name, pod } of pods) {
      assert.equal(pod.securityContext.runAsNonRoot, true, name);
      for (const { args, securityContext, resources } of pod.containers) {
        assert.deepEqual(
          [securityContext.allowPrivilegeEscalation, securityContext.readOnlyRootFilesystem],
          [false, true],
        );
        assert.match(resources.limits.memory, /^\d+[MG]i$/);
        if (args) await assertCommand(args);
      }
    }
    assert.deepEqual(pods.map(({ name }) => name).sort(), ['archiver-migrate', 'archiver-worker', 'portal']);
  });

  it('have settings that hold, and give workers the time that they take to stop', () => {
    const secret = { AZURE_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true' };
    const config = loadConfig({ environment: { ...settings, ...secret } });
    const worker = pods.find(({ name }) => name === 'archiver-worker')?.pod ?? assert.fail();
    assert.ok((worker.terminationGracePeriodSeconds ?? 0) * 1000 > config.stopDeadlineMs);
    assert.ok(config.maxMemoryBytes < 2 ** 30);
  });

  it('ask the portal’s pods at routes that are there', () => {
    const routes = readFileSync('docs/routes.md', 'utf8');
    const web = pods.find(({ name }) => name === 'portal')?.pod ?? assert.fail();
    const asked = web.containers.flatMap(({ livenessProbe, readinessProbe }) => [livenessProbe, readinessProbe]);
    for (const probe of asked) {
      const path = probe?.httpGet.path.replace(/^\/archiver/, '');
      assert.ok(routes.includes(`| \`GET ${path}\` | |`), path);
    }
  });
});

describe('the units for systemd', () => {
  const units = new Map(systemdUnits().map((name) => [name, readFileSync(join(SYSTEMD, name), 'utf8')]));
  const services = [...units].filter(([name]) => name.endsWith('.service'));
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'archiver-units-'));
    const bin = join(folder, 'app/node_modules/.bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'portal-archiver'), '#!/bin/sh\n');
    chmodSync(join(bin, 'portal-archiver'), 0o755);
    for (const [name, text] of units) writeFileSync(join(folder, name), text.replaceAll(APP, join(folder, 'app')));
  });
  after(() => rmSync(folder, { recursive: true }));

  const missing = spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not installed';

  it('are taken by systemd', { skip: missing }, () => {
    for (const name of units.keys()) {
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, name)], {
        encoding: 'utf8',
      });
      const about = stderr.split('\n').filter((line) => line.includes('portal-archiver'));
      assert.deepEqual([status, about], [0, []], name);
    }
  });

  it('leave a worker little of the machine', { skip: missing }, () => {
    const name = 'portal-archiver-worker@.service';
    const args = ['security', '--offline=true', '--threshold=20', join(folder, name)];
    const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    assert.equal(status, 0, stdout.split('\n').at(-2));
  });

  it('run commands that are there, and wait longer than the archiver takes to stop', async () => {
    for (const [name, unit] of services) {
      const [program, ...args] = (directiveOf(unit, 'ExecStart') ?? '').split(' ');
      assert.equal(program, `${APP}/node_modules/.bin/portal-archiver`, name);
      await assertCommand(args);
      assert.equal(directiveOf(unit, 'NoNewPrivileges'), 'yes');
      assert.equal(directiveOf(unit, 'ProtectSystem'), 'strict');
    }
    const worker = units.get('portal-archiver-worker@.service') ?? assert.fail();
    assert.ok(Number(directiveOf(worker, 'TimeoutStopSec')) * 1000 > SETTINGS.stopDeadlineMs.default);
    assert.equal(directiveOf(worker, 'KillSignal'), 'SIGTERM');
    assert.ok(directiveOf(worker, 'User'));
  });
});

describe('the container file', () => {
  const text = readFileSync('examples/deploy/Dockerfile', 'utf8');

  it('is one, without what is wrong, deprecated or never takes effect', () => {
    assert.deepEqual(
      validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`),
      [],
    );
  });

  it('copies what its first lines and the guide say has to lie beside it', () => {
    const copied = [...text.matchAll(/^COPY (?:--\S+ )*(.*) \S+$/gm)].flatMap(([, files = '']) => files.split(' '));
    assert.deepEqual(copied, ['package.json', 'package-lock.json', 'portal.js']);
    const said = text
      .split('\n')
      .filter((line) => line.startsWith('#'))
      .join('\n');
    for (const file of copied) assert.ok(said.includes(file), file);
    assert.ok(readdirSync('examples/module').includes('portal.js'));
  });
});
