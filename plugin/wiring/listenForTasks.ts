import type { Writable } from 'node:stream';
import type { ServerAddress } from '../show/openServer.ts';
import { openTaskServer, type TaskServer } from '../show/taskServer.ts';
import { openLogger } from './openLogger.ts';

/** The server of `serve`, which logs to `log`. Throws `ArchiverError('invalid-request')` where the address is taken. */
export const listenForTasks = (address: ServerAddress, log: Writable): Promise<TaskServer> =>
  openTaskServer(address, openLogger(log));
