/** The codes of attempts that a connection can end with. */
export type ConnectCode =
  | 'blocked-address'
  | 'blocked-port'
  | 'dns'
  | 'timeout'
  | 'refused'
  | 'reset'
  | 'tls'
  | 'internal';

/** One sentence for blocked, refused and filtered alike, so that a portal cannot be used to scan ports. */
export const UNREACHABLE = 'The address could not be reached from the archive.';

/** What a {@link ConnectFailure} is made of. */
export interface ConnectFailureFields {
  readonly code: ConnectCode;
  readonly transient: boolean;
  /** For the public. Default: {@link UNREACHABLE}. */
  readonly reason?: string;
  /** For the operator's log: addresses and ports. */
  readonly detail: string;
  readonly cause?: unknown;
}

/** No connection was made, or a made one was given up before a byte of the request was written. */
export class ConnectFailure extends Error {
  readonly code: ConnectCode;
  readonly transient: boolean;
  readonly reason: string;
  readonly detail: string;

  constructor({ code, transient, reason = UNREACHABLE, detail, cause }: ConnectFailureFields) {
    super(detail, { cause });
    this.name = 'ConnectFailure';
    this.code = code;
    this.transient = transient;
    this.reason = reason;
    this.detail = detail;
  }
}
