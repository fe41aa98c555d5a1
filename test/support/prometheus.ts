import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort } from '../../plugin/record/cluster/freePort.ts';
import { until } from './until.ts';

const EXAMPLES = 'examples/monitoring';

/** A series that a query answered. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
}

/** What became of one alert rule. */
export interface LoadedRule {
  readonly name: string;
  readonly query: string;
  /** `ok` once it was evaluated without an error. */
  readonly health: string;
  readonly lastError?: string;
}

/** A Prometheus that scrapes as the example says, only more often, and watches by the example's rules. */
export class TestPrometheus {
  readonly #url: string;
  readonly #stop: () => Promise<void>;

  private constructor(url: string, stop: () => Promise<void>) {
    this.#url = url;
    this.#stop = stop;
  }

  static async start(target: URL, token: string): Promise<TestPrometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'archiver-prometheus-'));
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, token);
    await writeFile(join(folder, 'prometheus.yml'), await configuration(target, tokenFile));
    const port = await freePort(null);
    const args = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ];
    const child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    await once(child, 'spawn');
    const endWithUs = () => void child.kill('SIGKILL');
    process.once('exit', endWithUs);
    const prometheus = new TestPrometheus(`http://127.0.0.1:${port}`, async () => {
      process.off('exit', endWithUs);
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    });
    await until(() => prometheus.#ask('/-/ready').then(Boolean, () => false), 60);
    return prometheus;
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  /** Throws what Prometheus says of a query that it cannot run. */
  async query(expression: string): Promise<readonly Sample[]> {
    const body = JSON.parse(await this.#ask(`/api/v1/query?${new URLSearchParams({ query: expression })}`));
    if (body.status !== 'success') throw new Error(`${expression}: ${body.error}`);
    return body.data.result;
  }

  async rules(): Promise<readonly LoadedRule[]> {
    const { data } = JSON.parse(await this.#ask('/api/v1/rules'));
    return data.groups.flatMap(({ rules }: { rules: LoadedRule[] }) => rules);
  }

  async #ask(path: string): Promise<string> {
    const answer = await fetch(`${this.#url}${path}`);
    const text = await answer.text();
    if (answer.status >= 500) throw new Error(text);
    return text;
  }
}

async function configuration(target: URL, tokenFile: string): Promise<string> {
  const given = parse(await readFile(join(EXAMPLES, 'prometheus.yml'), 'utf8'));
  const [job] = given.scrape_configs;
  return stringify({
    ...given,
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: given.rule_files.map((file: string) => resolve(EXAMPLES, file)),
    scrape_configs: [
      {
        ...job,
        metrics_path: target.pathname,
        scheme: 'http',
        authorization: { credentials_file: tokenFile },
        static_configs: [{ targets: [target.host] }],
      },
    ],
  });
}
