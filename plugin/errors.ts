/** Stable codes of errors: a broken service, a wrong setting, a request that cannot be answered. Never a broken link. */
export type ErrorCode =
  | 'settings-invalid'
  | 'not-registered'
  | 'not-started'
  | 'portal-failed'
  | 'database-failed'
  /** Our tables are of an older or a newer version than this one. */
  | 'schema-mismatch'
  /** PostgreSQL works, and refuses what it was given. */
  | 'data-refused'
  | 'queue-failed'
  | 'store-failed'
  | 'thread-failed'
  | 'lease-lost'
  | 'retry-later'
  | 'archival-failed'
  | 'host-unsuitable'
  /** The host's table works, and does not take what is written back. */
  | 'host-refused'
  | 'not-found'
  | 'forbidden'
  | 'invalid-request'
  | 'idempotency-conflict'
  | 'range-not-satisfiable'
  | 'precondition-failed'
  | 'method-not-allowed'
  | 'payload-too-large'
  | 'stopped'
  /** Another process uninstalls: nothing is started or migrated. */
  | 'uninstalling'
  /** Other processes work with what is to be dropped. */
  | 'in-use'
  | 'internal';

/** The one error class: a stable `code`, a message for a person that names the thing, and what caused it. */
export class ArchiverError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'ArchiverError';
    this.code = code;
  }
}

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

/** The store works, and does not take this one file: what it would not take so often says nothing of the store. */
export class StoreRefused extends ArchiverError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('store-failed', message, options);
  }
}

/** Longer messages quote what they were given: whole statements, whole rows. */
const MAX_MESSAGE_LENGTH = 1000;
const END_LENGTH = 600;

/** The message of anything that was thrown, cut in the middle: what went wrong stands at either end. */
export function messageOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (message.length <= MAX_MESSAGE_LENGTH) return message;
  return `${message.slice(0, MAX_MESSAGE_LENGTH - END_LENGTH)} … ${message.slice(-END_LENGTH)}`.replace(/\p{Cs}/gu, '');
}

/** The `code` of anything that was thrown, as Node's and many libraries' errors have one; '' for none. */
export function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}
