import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { COMMAND } from './command.ts';

/** What all workers of a fleet share. */
export interface FleetSettings {
  readonly databaseUrl: string;
  readonly mongodbUrl: string | null;
  /** Store, limits, deadlines … by the names of the environment. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface WorkerProcess {
  /** The first line that it says. */
  readonly ready: Promise<string>;
  /** The end of what it said on standard error. */
  said(): string;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Nothing of it goes on, as on a machine that hangs. */
  pause(): void;
  resume(): void;
  /** Resolves with the exit code once it has ended, by whatever. */
  readonly ended: Promise<number | null>;
  /** As an operator would; answers the exit code. */
  stop(): Promise<number | null>;
}

const SERVICE = ['serve', '--host', '127.0.0.1'];

/** Real worker processes: the command that an operator starts. */
export class Fleet {
  readonly #settings: FleetSettings;
  readonly #running = new Set<ChildProcess>();

  constructor(settings: FleetSettings) {
    this.#settings = settings;
  }

  spawn(variables: Readonly<Record<string, string>> = {}, roles = 'worker'): WorkerProcess {
    return this.#spawn(['worker', '--roles', roles], variables);
  }

  /** A worker as an HTTP service, at a port of its own. */
  async serve(variables: Readonly<Record<string, string>> = {}): Promise<WorkerProcess & { readonly port: number }> {
    const instance = this.#spawn(SERVICE, { PORT: '0', ...variables });
    const { port } = JSON.parse(await instance.ready);
    return { ...instance, port };
  }

  #spawn(command: readonly string[], variables: Readonly<Record<string, string>>): WorkerProcess {
    const { databaseUrl, mongodbUrl } = this.#settings;
    const child = spawn(process.execPath, [...COMMAND, ...command, '--portal-url', 'http://portal.example', '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        DATABASE_URL: databaseUrl,
        ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8',
        ARCHIVER_SWEEP_CRON: '',
        ...(mongodbUrl === null ? {} : { ARCHIVER_MONGODB_URL: mongodbUrl }),
        ...this.#settings.variables,
        ...variables,
      },
    });
    this.#running.add(child);
    const said = tail(child);
    const ended = once(child, 'exit').then(([code]: (number | null)[]) => {
      this.#running.delete(child);
      return code ?? null;
    });
    const end = (signal: 'SIGKILL' | 'SIGTERM') => {
      child.kill(signal);
      return ended;
    };
    return {
      ready: isReady(child, ended, said),
      said,
      ended,
      kill: async () => void (await end('SIGKILL')),
      pause: () => void child.kill('SIGSTOP'),
      resume: () => void child.kill('SIGCONT'),
      stop: () => end('SIGTERM'),
    };
  }

  async spawnMany(count: number): Promise<WorkerProcess[]> {
    const workers = Array.from({ length: count }, () => this.spawn());
    await Promise.all(workers.map(({ ready }) => ready));
    return workers;
  }

  async end(): Promise<void> {
    await Promise.all(
      [...this.#running].map((child) => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        return ended;
      }),
    );
  }
}

/** The end of what it says on standard error, for the message of a test that fails; all of it with ARCHIVER_TEST_LOG. */
function tail(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-2000);
    if (process.env['ARCHIVER_TEST_LOG']) process.stderr.write(chunk);
  });
  return () => text;
}

/** Works once it says so. One that was killed before is ready for nothing more. */
async function isReady(child: ChildProcess, ended: Promise<number | null>, errors: () => string): Promise<string> {
  if (!child.stdout) throw new TypeError('The worker has no output.');
  const said = once(createInterface({ input: child.stdout }), 'line');
  const line = await Promise.race([said, ended]);
  if (!Array.isArray(line)) throw new Error(`A worker ended with ${line} before it was ready: ${errors()}`);
  return String(line[0]);
}
