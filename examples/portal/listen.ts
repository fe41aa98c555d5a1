import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import { StartError } from './environment.ts';

/** A server that listens on loopback. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  /** Says that another port was taken; null when it is the usual one. */
  readonly notice: string | null;
}

/** Where to listen: at the port that was given, else at the usual one or the next that is free. */
export interface Place {
  /** The variable that names the port. */
  readonly variable: string;
  readonly given: number | null;
  readonly usual: number;
}

/** On loopback. A port that was given must be free; of the usual one the next free one will do. Throws `StartError`. */
export async function listen(handler: RequestListener, { variable, given, usual }: Place): Promise<Listening> {
  const server = createServer(handler);
  for (let port = given ?? usual; ; port += 1) {
    const taken = await tryListen(server, port);
    if (taken !== null) {
      const notice = given === null && taken !== usual ? `Port ${usual} is busy; port ${taken} is used.` : null;
      return { server, port: taken, notice };
    }
    if (given !== null) throw new StartError(1, `${variable} is ${given}, and that port is busy.`);
    if (port === 65_535) throw new StartError(1, `No port from ${usual} up is free; set ${variable}.`);
  }
}

/** null: busy, or not for us. */
function tryListen(server: Server, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(null) : reject(error);
    server.once('error', onError);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' ? (address?.port ?? null) : null);
    });
  });
}

/** Ends open connections too. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
