import { ArchiverError } from '../errors.ts';

/** A transient failure of a link: the queue runs the job again after `delayMs`. */
export class RetryLater extends ArchiverError {
  readonly delayMs: number;

  constructor(message: string, delayMs: number) {
    super('retry-later', message);
    this.delayMs = delayMs;
  }
}

/** The last transient failure: the queue keeps the job as failed, with this message, and does not run it again. */
export class ArchivalFailed extends ArchiverError {
  constructor(message: string) {
    super('archival-failed', message);
  }
}
