import type { FleetPortal } from './fleetPortal.ts';
import type { WorkerProcess } from './workers.ts';

/** What came of a request of the platform. */
export interface TaskEnd {
  /** 0: no answer came, for the instance died. */
  readonly status: number;
  readonly report: { readonly more?: boolean; readonly due?: number; readonly missing?: number } | null;
}

/** One instance, as App Engine starts and stops it. */
export interface Instance {
  readonly origin: string;
  /** `/_ah/stop`, then SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
  /** As when its machine dies. */
  kill(): Promise<void>;
}

/**
 * Plays App Engine: instances that are started, warmed up, stopped and lost; cron and push tasks with their headers and a
 * deadline, given to the instances in turn. A task without a good answer is tried again, as the queue does.
 */
export class AppEngine {
  readonly instances: Instance[] = [];
  readonly #portal: Pick<FleetPortal, 'fleet'>;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #deadlineMs: number;
  #sent = 0;

  constructor(
    portal: Pick<FleetPortal, 'fleet'>,
    { variables, deadlineMs }: { readonly variables: Readonly<Record<string, string>>; readonly deadlineMs: number },
  ) {
    this.#portal = portal;
    this.#variables = variables;
    this.#deadlineMs = deadlineMs;
  }

  async startInstance(variables: Readonly<Record<string, string>> = {}): Promise<Instance> {
    const served = await this.#portal.fleet.serve({ GAE_ENV: 'standard', ...this.#variables, ...variables });
    const instance = this.#instanceOf(served, `http://127.0.0.1:${served.port}`);
    for (const path of ['/_ah/start', '/_ah/warmup']) {
      const { status } = await fetch(`${instance.origin}${path}`);
      if (status !== 200) throw new Error(`${path} was answered ${status}`);
    }
    this.instances.push(instance);
    return instance;
  }

  /** A cron entry; App Engine asks with GET. */
  cron(path: string): Promise<TaskEnd> {
    return this.#send(path, { method: 'GET', headers: { 'X-Appengine-Cron': 'true' } });
  }

  /** A push task. */
  push(path: string): Promise<TaskEnd> {
    const headers = { 'X-AppEngine-QueueName': 'archiver', 'X-AppEngine-TaskName': `task-${this.#sent}` };
    return this.#send(path, { method: 'POST', headers, body: '{}' });
  }

  /** Past its deadline a request is given up; that is an error here, for nothing should need so long. */
  async #send(path: string, init: RequestInit): Promise<TaskEnd> {
    const instance = this.instances[this.#sent++ % this.instances.length];
    if (!instance) throw new Error('There is no instance.');
    const signal = AbortSignal.timeout(this.#deadlineMs);
    try {
      const response = await fetch(`${instance.origin}${path}`, { ...init, signal });
      const report: unknown = await response.json();
      return { status: response.status, report: typeof report === 'object' ? report : null };
    } catch (error) {
      if (signal.aborted) throw new Error(`${path} was not answered within ${this.#deadlineMs} ms`, { cause: error });
      return { status: 0, report: null };
    }
  }

  #instanceOf(served: WorkerProcess, origin: string): Instance {
    const leave = () => {
      const at = this.instances.indexOf(instance);
      if (at >= 0) this.instances.splice(at, 1);
    };
    const instance: Instance = {
      origin,
      stop: async () => {
        leave();
        await fetch(`${origin}/_ah/stop`);
        return served.stop();
      },
      kill: () => {
        leave();
        return served.kill();
      },
    };
    return instance;
  }
}
