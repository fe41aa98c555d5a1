import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOADER } from './loader/loader.ts';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

export interface RunningPortal {
  readonly site: string;
  readonly publisher: string;
  readonly admin: string;
  readonly editor: string;
  /** Ctrl-C. */
  stop(): Promise<Ended>;
  /** `kill -9` of Node alone. */
  kill(): Promise<void>;
}

type Variables = Readonly<Record<string, string>>;

/** A folder for one example portal; what still runs on it is ended before it goes. */
export class ExampleFolder {
  readonly folder: string;
  readonly #running = new Set<ChildProcess>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<ExampleFolder> {
    return new ExampleFolder(await mkdtemp(join(tmpdir(), 'example-portal-')));
  }

  /** Runs to its end. */
  async run(args: readonly string[], variables: Variables = {}, program = 'main.ts'): Promise<Ended> {
    return ended(this.#spawn(args, variables, program));
  }

  /** Starts the portal, or a worker beside it, and leaves it running. */
  async start(variables: Variables = {}): Promise<RunningPortal> {
    const child = this.#spawn([], variables, 'main.ts');
    const end = ended(child);
    const said = await Promise.race([lineOf(child, /^Editor token/m), end]);
    if (typeof said !== 'string') throw new Error(`The portal ended with ${said.code}: ${said.errors}`);
    const word = (name: string) => new RegExp(`^${name}\\s+(\\S+)$`, 'm').exec(said)?.[1] ?? '';
    return {
      site: word('Portal'),
      publisher: word('Publisher'),
      admin: word('Admin token'),
      editor: word('Editor token'),
      stop: () => {
        child.kill('SIGINT');
        return end;
      },
      kill: async () => {
        child.kill('SIGKILL');
        await end;
      },
    };
  }

  async startWorker(variables: Variables = {}): Promise<{ readonly said: string; stop(): Promise<Ended> }> {
    const child = this.#spawn([], variables, 'worker.ts');
    const end = ended(child);
    const said = await Promise.race([lineOf(child, /^One more worker/m), end]);
    if (typeof said !== 'string') throw new Error(`The worker ended with ${said.code}: ${said.errors}`);
    return {
      said,
      stop: () => {
        child.kill('SIGTERM');
        return end;
      },
    };
  }

  /** Process id of the PostgreSQL that works on the folder; null: none does. */
  async postmaster(): Promise<number | null> {
    const text = await readFile(join(this.folder, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
    return Number(text.split('\n')[0]) || null;
  }

  async remove(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    const orphan = await this.postmaster();
    if (orphan) {
      process.kill(orphan, 'SIGQUIT');
      while (isAlive(orphan)) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  #spawn(args: readonly string[], variables: Variables, program: string): ChildProcess {
    const child = spawn(process.execPath, [...LOADER, `examples/portal/${program}`, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...clean(process.env), PORT: '0', PUBLISHER_PORT: '0', EXAMPLE_DATA: this.folder, ...variables },
    });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }
}

/** A port of loopback that is free at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Nothing of the suite's own settings reaches the portal. */
const clean = (variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !/^(ARCHIVER_|DATABASE_URL$|NODE_TEST)/.test(name)));

async function ended(child: ChildProcess): Promise<Ended> {
  let [out, errors] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code, out, errors };
}

function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  let said = '';
  return new Promise((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (pattern.test(said)) resolve(said);
    });
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
