import express, { type Express, type RequestHandler, type Response } from 'express';
import type { Logger } from '../model/logger.ts';
import { listening, type ServerAddress } from './openServer.ts';
import { notFound, onError, onlyFor, sendProblem } from './problem.ts';
import type { TaskGuard, TaskKind } from './taskGuard.ts';

/** What tasks are answered with, once there is an archiver. */
export interface TaskWork {
  readonly guard: Pick<TaskGuard, 'admits'>;
  /** Each answers what is told of it, as JSON. */
  readonly tasks: Readonly<Record<TaskKind, () => Promise<unknown>>>;
  /** The platform takes this instance away: what runs is given back. */
  stop(): void;
}

/** The server of `serve`. */
export interface TaskServer {
  readonly port: number;
  /** From now on tasks are taken. */
  begin(work: TaskWork): void;
  /** Waits for answers that are under way. */
  close(): Promise<void>;
}

const TAKEN_METHODS = ['GET', 'POST'];

/**
 * Listens immediately, for platforms measure how long that takes; tasks are answered 503 until there is an archiver, and
 * `/_ah/start` and `/_ah/warmup` only then. Throws `ArchiverError('invalid-request')` where the address is taken.
 */
export async function openTaskServer(address: ServerAddress, logger: Logger): Promise<TaskServer> {
  let work: TaskWork | null = null;
  let begun: () => void = () => undefined;
  const beginning = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const app = createTaskApp({ current: () => work, beginning, logger });
  const server = await listening(app.listen(address.port, address.host), `${address.host}:${address.port}`);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    begin(started) {
      work = started;
      begun();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Connections that were kept open behind the last answer hold nothing up.
        setTimeout(() => server.closeAllConnections(), 1000).unref();
      }),
  };
}

interface TaskAppDeps {
  current(): TaskWork | null;
  readonly beginning: Promise<void>;
  readonly logger: Logger;
}

function createTaskApp({ current, beginning, logger }: TaskAppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  const ok: RequestHandler = (_, response) => void response.set('Cache-Control', 'no-store').type('text').send('ok\n');
  app.get('/healthz', (request, response, next) => (current() ? ok(request, response, next) : starting(response)));
  app.get(['/_ah/start', '/_ah/warmup'], (request, response, next) => {
    beginning.then(() => ok(request, response, next), next);
  });
  app.get('/_ah/stop', (request, response, next) => {
    current()?.stop();
    ok(request, response, next);
  });
  for (const kind of ['sweep', 'work'] as const) {
    const run: RequestHandler = async (request, response) => {
      const work = current();
      if (!work) return starting(response);
      if (!(await work.guard.admits(kind, request.headers))) {
        logger.warn({ path: request.path }, 'a request that is no task of the platform was refused');
        return sendProblem(response, 'forbidden', 'Only the platform that this runs on may ask for this.');
      }
      const report = await work.tasks[kind]();
      response.set('Cache-Control', 'no-store').json(report);
    };
    app.get(`/tasks/${kind}`, run);
    app.post(`/tasks/${kind}`, run);
    app.all(`/tasks/${kind}`, onlyFor(...TAKEN_METHODS));
  }
  app.use(notFound);
  app.use(onError(logger));
  return app;
}

function starting(response: Response): void {
  sendProblem(response, 'not-started', 'The archiver is starting.');
}
