import type { Code } from '../model/status.ts';

/**
 * What the public reads of a blocked, refused or filtered address: one sentence for all, so that nobody can use a
 * portal to find out which ports of which machines are open.
 */
export const NEUTRAL_REASON = 'The address of this link could not be reached from the archive.';

/** A connection that could not, or may not, be made. */
export class ConnectFailure extends Error {
  readonly code: Code;
  readonly transient: boolean;
  /** For everybody. */
  readonly reason: string;
  /** For the operator. */
  readonly detail: string;

  constructor(failure: { code: Code; transient: boolean; reason: string; detail: string; cause?: unknown }) {
    super(failure.detail, { cause: failure.cause });
    this.name = 'ConnectFailure';
    this.code = failure.code;
    this.transient = failure.transient;
    this.reason = failure.reason;
    this.detail = failure.detail;
  }
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL', 'EACCES', 'EINVAL']);
const CUT = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** What the operating system said while connecting. */
export function socketFailure(error: Error, where: string): ConnectFailure {
  const code = codeOf(error);
  const detail = `${where}: ${error.message}`;
  if (code === 'ETIMEDOUT') return timeoutFailure(where);
  if (CUT.has(code)) {
    return new ConnectFailure({ code: 'reset', transient: true, reason: 'The connection was reset while it was made.', detail, cause: error });
  }
  const known = UNREACHABLE.has(code) ? 'refused' : 'internal';
  return new ConnectFailure({ code: known, transient: true, reason: NEUTRAL_REASON, detail, cause: error });
}

/** What went wrong between the connection and the first encrypted byte. */
export function tlsFailure(error: Error, where: string): ConnectFailure {
  const code = codeOf(error);
  const detail = `${where}: ${error.message}`;
  if (CUT.has(code)) {
    const reason = 'The connection was reset while encryption was agreed on.';
    return new ConnectFailure({ code: 'reset', transient: true, reason, detail, cause: error });
  }
  const reason = `The encrypted connection failed: ${tlsReason(error, code)}.`;
  return new ConnectFailure({ code: 'tls', transient: false, reason, detail, cause: error });
}

export function timeoutFailure(where: string): ConnectFailure {
  const reason = 'The server did not accept the connection in time.';
  return new ConnectFailure({ code: 'timeout', transient: true, reason, detail: `${where}: no connection in time` });
}

function tlsReason(error: Error, code: string): string {
  if (code === 'CERT_HAS_EXPIRED') return 'the certificate has expired';
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT' || code === 'SELF_SIGNED_CERT_IN_CHAIN') return 'the certificate is self-signed';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'the certificate is for another host';
  if (code.startsWith('UNABLE_TO_')) return 'the certificate is not signed by a known authority';
  return error.message.replace(/[\s.]+$/, '');
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
