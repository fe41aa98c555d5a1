import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../plugin/record/cluster/freePort.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const PORTS = ['CKAN_PORT', 'PUBLISHER_PORT', 'CKAN_REDIS_PORT', 'CKAN_SOLR_PORT', 'CKAN_PG_PORT'] as const;

/** What one resource was made to be, and where it leads. */
export interface SeededResource {
  readonly id: string;
  /** The dataset's name. */
  readonly dataset: string;
  readonly kind: string;
  readonly url: string;
}

/** A real CKAN on loopback, with a publisher and datasets of every kind. */
export interface RealCkan {
  readonly version: string;
  readonly site: string;
  /** A sysadmin's. */
  readonly token: string;
  readonly seeded: readonly SeededResource[];
  /** What the publisher was asked since the last call: paths, in order. */
  requests(): readonly string[];
  /** An action of the API as the sysadmin. */
  call(action: string, data: object): Promise<Readonly<Record<string, unknown>>>;
  stop(): Promise<void>;
}

/** Why no real CKAN can be brought up here; null: it can. */
export function missingPrograms(): string | null {
  const missing = [
    ['python3', '-c', 'import sys, venv; sys.exit(sys.version_info < (3, 10))'],
    ['javac', '-version'],
    ['mvn', '--version'],
  ].filter(([program = '', ...args]) => spawnSync(program, args, { stdio: 'ignore' }).status !== 0);
  if (missing.length === 0) return null;
  return `A real CKAN needs Python 3.10 with venv, Java 11 and Maven; missing: ${missing.map(([name]) => name).join(', ')}.`;
}

/**
 * Brings it up (`CKAN_VERSION`, default 2.11.6) with new data: about three minutes from nothing, half of it where the
 * packages are there. They stay in the system's temporary folder.
 */
export async function startCkan(): Promise<RealCkan> {
  const version = process.env['CKAN_VERSION'] ?? '2.11.6';
  const home = process.env['CKAN_HOME'] ?? join(tmpdir(), `portal-archiver-ckan-${version}`);
  mkdirSync(home, { recursive: true });
  const environment = { ...process.env, CKAN_VERSION: version, CKAN_HOME: home, ...(await portsIn(home)) };
  await run('down.sh', ['--wipe'], environment);
  await run('up.sh', [], environment);
  const token = readFileSync(join(home, 'token'), 'utf8').trim();
  const site = `http://127.0.0.1:${environment.CKAN_PORT}`;
  const log = join(home, 'log', 'requests.log');
  let read = 0;
  return {
    version,
    site,
    token,
    seeded: JSON.parse(readFileSync(join(home, 'seeded.json'), 'utf8')),
    requests() {
      const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
      const fresh = lines.slice(read);
      read = lines.length;
      return fresh.map((line) => line.split(' ')[2] ?? '');
    },
    async call(action, data) {
      const headers = { authorization: token, 'content-type': 'application/json' };
      const body = JSON.stringify(data);
      const response = await fetch(`${site}/api/3/action/${action}`, { method: 'POST', headers, body });
      const answer: { success: boolean; result: Record<string, unknown>; error: unknown } = JSON.parse(
        await response.text(),
      );
      if (!answer.success) throw new Error(`${action}: ${response.status} ${JSON.stringify(answer.error)}`);
      return answer.result;
    },
    stop: () => run('down.sh', ['--wipe'], environment),
  };
}

/** Chosen once: the site's own URL, and those of the publisher's files, hold them. */
async function portsIn(home: string): Promise<Record<(typeof PORTS)[number], string>> {
  const file = join(home, 'ports.json');
  if (!existsSync(file)) {
    const chosen: Record<string, string> = {};
    for (const name of PORTS) chosen[name] = String(await freePort());
    writeFileSync(file, JSON.stringify(chosen));
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

async function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn('bash', [join(FOLDER, script), ...args], { env, stdio: ['ignore', 2, 2] });
  const [code] = await once(child, 'exit');
  if (code !== 0 && script === 'up.sh') throw new Error(`${script} ended with ${code}`);
}
