import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import express, { type NextFunction } from 'express';
import { ArchiverError, messageOf } from '../errors.ts';

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

/** A handler as `Archiver.handler` is one. */
export type MountedHandler = (request: IncomingMessage, response: ServerResponse, next: NextFunction) => void;

/** A server of our own, for where there is no portal to be mounted in. */
export interface OpenServer {
  /** Absolute URL that the handler is mounted at, without a trailing slash. */
  readonly archiverUrl: string;
  mount(handler: MountedHandler): void;
  /** Ends what is under way, too. */
  close(): Promise<void>;
}

/** Listens immediately; until something is mounted, every request gets 503. Throws `ArchiverError('invalid-request')`. */
export async function openServer({ host, port }: ServerAddress): Promise<OpenServer> {
  let mounted: MountedHandler | null = null;
  const app = express();
  app.disable('x-powered-by');
  app.use('/archiver', (request, response, next) => {
    if (mounted) return mounted(request, response, next);
    response.status(503).set('Retry-After', '1').type('text').send('The archive is starting.\n');
  });
  const server = await listening(app.listen(port, host), `${host}:${port}`);
  const bound = server.address();
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    archiverUrl: `http://${name}:${actual}/archiver`,
    mount(handler) {
      mounted = handler;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Resolves when the server listens. Throws `ArchiverError("invalid-request")` that names the address when it cannot. */
export function listening(server: Server, where: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('listening', () => resolve(server));
    server.once('error', (error) => {
      const message = `Nothing can be served at ${where}: ${messageOf(error)}`;
      reject(new ArchiverError('invalid-request', message, { cause: error }));
    });
  });
}
