import type { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Logger } from '../model/logger.ts';

/** The log of who runs the archiver without a portal of theirs: one JSON object a line. */
export const openLogger = (log: Writable): Logger => pino(log);
